// Keeps what was last loaded in IndexedDB, so that the next visit (or one without a network) shows the
// workspace at once. Only queries with `meta.persist`, and only for the person they were loaded for.
import type { Query } from '@tanstack/react-query';
import { createStore, del, delMany, entries, set, type UseStore } from 'idb-keyval';
import { currentUser, onUserChange } from '@/features/auth';
import { queryClient } from '@/ui/query';

interface Kept {
  readonly key: readonly unknown[];
  readonly data: unknown;
  readonly at: number;
}

const WRITE_MS = 1_000;
/** A slow disk must not hold up the page: after this it starts without. */
const RESTORE_MS = 300;
/** What is restored is shown, and asked for anew at once: a workspace may have been shared meanwhile. */
const LONG_AGO = 1;
const OLD_MS = 30 * 24 * 60 * 60 * 1000;

const prefixOf = (userId: string): string => `${userId}|`;

const readAll = (store: UseStore): Promise<readonly (readonly [string, Kept])[]> => entries<string, Kept>(store);

async function restore(store: UseStore): Promise<void> {
  const user = currentUser();
  const all = await readAll(store);
  const mine = user ? prefixOf(user.id) : undefined;
  const now = Date.now();
  for (const [name, { key, data, at }] of all) {
    if (mine === undefined || !name.startsWith(mine) || now - at > OLD_MS) continue;
    if (queryClient.getQueryData(key) === undefined) queryClient.setQueryData(key, data, { updatedAt: LONG_AGO });
  }
}

/** Forgets everything kept, for anybody: after logging out nothing of it may stay on the machine. */
async function forget(store: UseStore): Promise<void> {
  const all = await readAll(store);
  await delMany(
    all.map(([name]) => name),
    store,
  );
}

function watch(store: UseStore): void {
  const waiting = new Map<string, Kept>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const write = (): void => {
    timer = undefined;
    for (const [name, kept] of waiting) void set(name, kept, store).catch(() => undefined);
    waiting.clear();
  };
  queryClient.getQueryCache().subscribe((event) => {
    const user = currentUser();
    const refused = event.type === 'updated' && event.action.type === 'setState' && event.query.state.data === undefined;
    if ((event.type === 'removed' || refused) && user) {
      const name = prefixOf(user.id) + event.query.queryHash;
      waiting.delete(name);
      void del(name, store).catch(() => undefined);
    }
    if (event.type !== 'updated' || event.action.type !== 'success' || !event.query.meta?.['persist'] || !user) return;
    const query = event.query as Query;
    waiting.set(prefixOf(user.id) + query.queryHash, { key: query.queryKey, data: query.state.data, at: query.state.dataUpdatedAt });
    timer ??= setTimeout(write, WRITE_MS);
  });
  let owner = currentUser()?.id;
  onUserChange(() => {
    const next = currentUser()?.id;
    if (next === owner) return;
    if (owner !== undefined) {
      waiting.clear();
      queryClient.clear();
      void forget(store).catch(() => undefined);
    }
    owner = next;
  });
}

/** Restores, then keeps up to date. Resolves when the page may be drawn, after `restoreMs` at most; never rejects. */
export async function startPersistence(restoreMs = RESTORE_MS): Promise<void> {
  try {
    const database = createStore('mdreader-shell', 'queries');
    // Where IndexedDB is refused it throws at once; as a rejection that stays with whoever asked.
    const store: UseStore = async (mode, callback) => database(mode, callback);
    watch(store);
    await Promise.race([restore(store), new Promise((resolve) => setTimeout(resolve, restoreMs))]);
  } catch {
    // No IndexedDB (some private windows): everything works, only not from the first moment.
  }
}
