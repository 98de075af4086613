import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { LocalStore } from './local-store';
import { LocalWriter } from './local-writer';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('is kept here once the store has it, and not while it is on its way there', async () => {
  const answers: { resolve: () => void; reject: (reason: Error) => void }[] = [];
  const append = () => new Promise<void>((resolve, reject) => answers.push({ resolve, reject }));
  const writer = new LocalWriter({ append } as unknown as LocalStore, { user: 'u', document: 'd', epoch: '1' }, 1, () => undefined);
  const answered = () => vi.advanceTimersByTimeAsync(0);

  writer.add(new Uint8Array([1]), true);
  expect(writer.keptHere).toBe(false);
  await vi.advanceTimersByTimeAsync(20);
  expect(answers).toHaveLength(1);
  expect(writer.keptHere).toBe(false);
  answers[0]?.resolve();
  await answered();
  expect(writer.keptHere).toBe(true);

  // What others wrote is the server's already.
  writer.add(new Uint8Array([2]), false);
  expect(writer.keptHere).toBe(true);
  await vi.advanceTimersByTimeAsync(500);
  expect(answers).toHaveLength(2);
  expect(writer.keptHere).toBe(true);
  answers[1]?.resolve();
  await answered();

  writer.add(new Uint8Array([3]), true);
  await vi.advanceTimersByTimeAsync(20);
  answers[2]?.reject(new Error('full'));
  await answered();
  expect(writer.keptHere).toBe(false);
  await vi.advanceTimersByTimeAsync(5_000);
  answers[3]?.resolve();
  await answered();
  expect(writer.keptHere).toBe(true);
});
