import 'fake-indexeddb/auto';
import { clear, createStore, entries, keys, set } from 'idb-keyval';
import { beforeEach, describe, expect, it, vi } from 'vitest';

const ada = { id: 'u1', email: 'a@x.org', name: 'Ada' };
const store = createStore('mdreader-shell', 'queries');

/** The modules as a page loads them: the session is read from storage at that moment. */
async function open(user?: typeof ada) {
  vi.resetModules();
  localStorage.clear();
  if (user) localStorage.setItem('mdreader.user', JSON.stringify(user));
  const { startPersistence } = await import('./persist');
  const { queryClient } = await import('@/ui/query');
  const auth = await import('@/features/auth');
  // A busy machine may take longer than a page waits.
  await startPersistence(60_000);
  return { queryClient, auth };
}

const keptNames = async (): Promise<string[]> => (await keys<string>(store)).sort();

beforeEach(() => clear(store));

describe('what was loaded last', () => {
  it('is there again, for the person it was loaded for', async () => {
    await set('u1|["documents","w"]', { key: ['documents', 'w'], data: [1], at: Date.now() }, store);
    await set('u2|["documents","x"]', { key: ['documents', 'x'], data: [2], at: Date.now() }, store);
    const { queryClient } = await open(ada);
    expect(queryClient.getQueryData(['documents', 'w'])).toEqual([1]);
    expect(queryClient.getQueryData(['documents', 'x'])).toBeUndefined();
  });

  it('is kept when a query asks for it', async () => {
    const { queryClient } = await open(ada);
    await queryClient.query({ queryKey: ['documents', 'w'], queryFn: () => Promise.resolve([7]), meta: { persist: true } });
    await queryClient.query({ queryKey: ['secret'], queryFn: () => Promise.resolve([8]) });
    await vi.waitFor(async () => expect(await keptNames()).toEqual(['u1|["documents","w"]']), 20_000);
    const [kept] = await entries<string, { data: unknown }>(store);
    expect(kept?.[1].data).toEqual([7]);
  });

  it('is forgotten on logging out', async () => {
    await set('u1|["documents","w"]', { key: ['documents', 'w'], data: [1], at: Date.now() }, store);
    const { queryClient, auth } = await open(ada);
    vi.stubGlobal('fetch', () => Promise.resolve(new Response(null, { status: 204 })));
    await auth.logOut();
    expect(queryClient.getQueryData(['documents', 'w'])).toBeUndefined();
    await vi.waitFor(async () => expect(await keptNames()).toEqual([]), 20_000);
  });

  it('is forgotten when it is not shared any more', async () => {
    await set('u1|["documents","w"]', { key: ['documents', 'w'], data: [1], at: Date.now() }, store);
    const { queryClient } = await open(ada);
    queryClient.removeQueries({ queryKey: ['documents', 'w'] });
    await vi.waitFor(async () => expect(await keptNames()).toEqual([]), 20_000);
  });

  it('is forgotten when it is refused while a screen shows it', async () => {
    await set('u1|["documents","w"]', { key: ['documents', 'w'], data: [1], at: Date.now() }, store);
    const { queryClient } = await open(ada);
    const { QueryObserver } = await import('@tanstack/react-query');
    const { ApiError } = await import('@/lib/api');
    const queryFn = () => Promise.reject(new ApiError(404, 'not_found', 'Gone.'));
    const end = new QueryObserver(queryClient, { queryKey: ['documents', 'w'], queryFn }).subscribe(() => undefined);
    await vi.waitFor(async () => expect(await keptNames()).toEqual([]), 20_000);
    expect(queryClient.getQueryData(['documents', 'w'])).toBeUndefined();
    end();
  });
});
