import { beforeEach, describe, expect, it, vi } from 'vitest';

beforeEach(() => localStorage.clear());

/** A module of its own stands for a tab of its own. */
async function openTab() {
  vi.resetModules();
  return (await import('./lock')).withLock;
}

describe('the lock between tabs, where the browser has none', () => {
  it('lets one in at a time', async () => {
    vi.stubGlobal('navigator', {});
    const tabs = await Promise.all([openTab(), openTab(), openTab()]);
    let inside = 0;
    let most = 0;
    const work = async (): Promise<void> => {
      inside += 1;
      most = Math.max(most, inside);
      await new Promise((resolve) => setTimeout(resolve, 15));
      inside -= 1;
    };
    await Promise.all(tabs.flatMap((withLock) => [withLock('x', work), withLock('x', work)]));
    expect(most).toBe(1);
  });

  it('is free again after a failure, and after a tab that vanished', async () => {
    vi.stubGlobal('navigator', {});
    const withLock = await openTab();
    await expect(withLock('y', () => Promise.reject(new Error('broke')))).rejects.toThrow('broke');
    localStorage.setItem('mdreader.lock.y', JSON.stringify({ owner: 'gone', until: Date.now() - 1 }));
    await expect(withLock('y', () => Promise.resolve('in'))).resolves.toBe('in');
  });
});
