import { IDBFactory, IDBKeyRange } from 'fake-indexeddb';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import * as Y from 'yjs';
import { LocalStore } from './local-store';

const key = { user: 'u', document: 'd', epoch: '1' };
const info = { id: 'd', workspace_id: 'w', path: 'a.md', title: 'A', role: 'owner' };

/** One update for every letter. */
function typed(text: string): Uint8Array[] {
  const doc = new Y.Doc();
  const updates: Uint8Array[] = [];
  doc.on('update', (update: Uint8Array) => updates.push(update));
  for (let index = 0; index < text.length; index += 1) doc.getText('content').insert(index, text.charAt(index));
  return updates;
}

function textOf(update: Uint8Array | null | undefined): string {
  const doc = new Y.Doc();
  if (update) Y.applyUpdate(doc, update);
  return doc.getText('content').toJSON();
}

let store: LocalStore;

beforeEach(async () => {
  vi.stubGlobal('indexedDB', new IDBFactory());
  vi.stubGlobal('IDBKeyRange', IDBKeyRange);
  const opened = await LocalStore.open('test');
  if (!opened) throw new Error('no store');
  store = opened;
});

describe('the local copy', () => {
  it('gives back what was stored, and to nobody else', async () => {
    await store.remember(key, info);
    await store.append(key, typed('hello'), { client: 1, count: 5 });
    const copy = await store.find('u', 'd');
    expect(textOf(copy?.update)).toBe('hello');
    expect(copy).toMatchObject({ epoch: '1', info, pending: [{ client: 1, count: 5 }] });
    expect(await store.find('other', 'd')).toBeNull();
    expect(await store.find('u', 'other')).toBeNull();
  });

  it('grows no longer than it has to', async () => {
    await store.remember(key, info);
    const letters = 'abcdefghij'.repeat(20);
    for (const update of typed(letters)) await store.append(key, [update], { client: 1, count: 0 });
    expect(textOf((await store.find('u', 'd'))?.update)).toBe(letters);
    await vi.waitFor(async () => expect(await rows('updates')).toBe(1), 20_000);
    expect(textOf((await store.find('u', 'd'))?.update)).toBe(letters);
  });

  it('forgets an epoch and leaves the next alone', async () => {
    await store.remember(key, info);
    await store.append(key, typed('old'), { client: 1, count: 3 });
    const next = { ...key, epoch: '2' };
    await store.remember(next, null);
    await store.append(next, typed('new'), { client: 2, count: 0 });
    await store.forget('u', 'd', '1');
    expect(textOf((await store.find('u', 'd'))?.update)).toBe('new');
    expect(await rows('updates')).toBe(1);
    await store.forget('u', 'd');
    expect(await store.find('u', 'd')).toBeNull();
    expect(await rows('updates')).toBe(0);
  });

  it('keeps the documents opened last, and every one with unsent changes', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    for (let index = 0; index < 5; index += 1) {
      vi.setSystemTime(1_000 * index);
      const one = { ...key, document: `d${index}` };
      await store.remember(one, info);
      await store.append(one, typed('x'), { client: 1, count: index === 0 ? 1 : 0 });
    }
    vi.useRealTimers();
    await store.trim('u', 2);
    const left = await Promise.all([0, 1, 2, 3, 4].map(async (index) => (await store.find('u', `d${index}`)) !== null));
    expect(left).toEqual([true, false, false, true, true]);
  });

  it('keeps drafts when the copy goes', async () => {
    await store.addDraft('u', 'd', { path: 'a.md', text: 'mine', changes: 2, at: 5 });
    await store.forget('u', 'd');
    expect(await store.drafts('u', 'd')).toMatchObject([{ text: 'mine', changes: 2 }]);
  });

  it('is simply not there when the browser refuses', async () => {
    vi.stubGlobal('indexedDB', { open: () => { throw new DOMException('denied', 'SecurityError'); } });
    expect(await LocalStore.open('refused')).toBeNull();
  });
});

function rows(name: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open('test');
    opening.onerror = () => reject(new Error('no database'));
    opening.onsuccess = () => {
      const counting = opening.result.transaction(name).objectStore(name).count();
      counting.onsuccess = () => {
        opening.result.close();
        resolve(counting.result);
      };
    };
  });
}
