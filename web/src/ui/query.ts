// The one cache of what the server said, and changes that show before the server has agreed.
import { hashKey, QueryCache, QueryClient, type Query, type QueryKey } from '@tanstack/react-query';
import { ApiError } from '@/lib/api';
import { describeError } from '@/lib/problem';
import { t } from '@/lib/strings';
import { toast } from '@/lib/toasts';

const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * What was deleted, is not shared any more or has moved to another cell: nothing of it stays in sight. While a screen looks at it, the answer
 * stays: without it the screen would ask again at once, and again.
 */
function onRefused(error: Error, query: Query<unknown, unknown>): void {
  if (!(error instanceof ApiError) || ![404, 421].includes(error.status) || query.queryKey[0] === 'workspaces') return;
  if (query.isActive()) query.setState({ data: undefined, dataUpdatedAt: 0 });
  else queryClient.removeQueries({ queryKey: query.queryKey, exact: true });
  void queryClient.invalidateQueries({ queryKey: ['workspaces'] });
}

export const queryClient = new QueryClient({
  queryCache: new QueryCache({ onError: (error, query) => onRefused(error, query) }),
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      gcTime: DAY_MS,
      // The server's refusals stay refusals; only silence is worth another try.
      retry: (failures, error) => !(error instanceof ApiError && error.status < 500) && failures < 2,
      // The browser's own idea of being online is wrong on a LAN without internet.
      networkMode: 'always',
    },
    mutations: { networkMode: 'always' },
  },
});

/** Says what could not be done and why. */
export function reportFailure(what: string, error: unknown): void {
  toast(t('error.with_reason', { what, reason: describeError(error) }), { kind: 'error' });
}

/** Changes under way, by what they change: asking the server in between would show it without the later ones. */
const underWay = new Map<string, number>();

function begin(key: QueryKey): () => void {
  const name = hashKey(key);
  underWay.set(name, (underWay.get(name) ?? 0) + 1);
  return () => {
    const left = (underWay.get(name) ?? 1) - 1;
    if (left > 0) underWay.set(name, left);
    else {
      underWay.delete(name);
      void queryClient.invalidateQueries({ queryKey: key });
    }
  };
}

/**
 * Shows `change` at once, does `work`, and takes the change back with a reason when it fails.
 * Resolves to undefined after a failure: it has been reported.
 */
export async function optimistic<D, R>(key: QueryKey, change: (data: D) => D, work: () => Promise<R>, failure: string): Promise<R | undefined> {
  const end = begin(key);
  await queryClient.cancelQueries({ queryKey: key });
  const before = queryClient.getQueryData<D>(key);
  if (before !== undefined) queryClient.setQueryData<D>(key, change(before));
  try {
    return await work();
  } catch (error) {
    if (before !== undefined) queryClient.setQueryData<D>(key, before);
    reportFailure(failure, error);
    return undefined;
  } finally {
    end();
  }
}
