import { useInfiniteQuery, type InfiniteData } from '@tanstack/react-query';
import { useLocation } from 'wouter';
import { api, ApiError } from '@/lib/api';
import { formatAgo } from '@/lib/i18n';
import { displayName, freePath, parentPath } from '@/lib/paths';
import { t } from '@/lib/strings';
import { toast } from '@/lib/toasts';
import type { Page, TrashedDocument } from '@/lib/types';
import { Button } from '@/ui/Button';
import { FormError } from '@/ui/Field';
import { beside } from '@/ui/focus-return';
import { EmptyState, Skeleton } from '@/ui/parts';
import { queryClient, reportFailure } from '@/ui/query';
import { cachedDocuments, documentsKey, trashKey } from './data';
import './trash.css';

type Trash = InfiniteData<Page<TrashedDocument>, string | null>;

const PAGE = 200;
const RETRY_MS = 5_000;
/** Another document or a folder has its name, or one of its folders' names, by now. */
const TAKEN = new Set(['path_taken', 'path_is_folder']);

const without = (trash: Trash | undefined, id: string): Trash | undefined =>
  trash && { ...trash, pages: trash.pages.map((page) => ({ ...page, items: page.items.filter((item) => item.id !== id) })) };

/** Brings a document back; under another name when its own was taken meanwhile. */
async function restore({ id, path }: TrashedDocument, workspaceId: string): Promise<string> {
  try {
    await api.post(`/api/documents/${id}/restore`, {});
    return path;
  } catch (error) {
    if (!(error instanceof ApiError && TAKEN.has(error.code))) throw error;
    const free = freePath(path, new Set(cachedDocuments(workspaceId).map((one) => one.path)));
    await api.post(`/api/documents/${id}/restore`, { path: free });
    return free;
  }
}

export default function TrashView({ workspaceId }: { workspaceId: string }) {
  const [, navigate] = useLocation();
  const key = trashKey(workspaceId);
  const trash = useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam, signal }) => {
      const cursor = pageParam === null ? '' : `&cursor=${encodeURIComponent(pageParam)}`;
      return api.get<Page<TrashedDocument>>(`/api/workspaces/${workspaceId}/trash?limit=${PAGE}${cursor}`, signal);
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    refetchOnMount: 'always',
    // The server may be back by then.
    refetchInterval: ({ state }) => (state.status === 'error' ? RETRY_MS : false),
  });
  const items = trash.data?.pages.flatMap((page) => page.items);

  const bringBack = async (item: TrashedDocument): Promise<void> => {
    const name = displayName(item.path);
    queryClient.setQueryData<Trash>(key, (list) => without(list, item.id));
    try {
      const path = await restore(item, workspaceId);
      const text = path === item.path ? t('trash.restored', { name }) : t('trash.restored_as', { name, path });
      toast(text, { action: { label: t('open'), run: () => navigate(`/w/${workspaceId}/d/${item.id}`) } });
    } catch (error) {
      reportFailure(t('trash.failed', { name }), error);
    }
    void queryClient.invalidateQueries({ queryKey: key });
    void queryClient.invalidateQueries({ queryKey: documentsKey(workspaceId) });
  };

  return (
    <div className="trash">
      <header className="view-header">
        <h1>{t('trash.title')}</h1>
      </header>
      {trash.isPending && <Skeleton />}
      {trash.isError && <FormError>{t('trash.load_failed')}</FormError>}
      {items?.length === 0 && <EmptyState level={2} title={t('trash.empty')} text={t('trash.empty_text')} />}
      {items && items.length > 0 && (
        <ul className="trash-list">
          {items.map((item) => (
            <li key={item.id}>
              <span className="trash-name">
                <bdi>{displayName(item.path)}</bdi>
                <span className="trash-note">
                  {parentPath(item.path) !== '' && (
                    <>
                      <bdi>{parentPath(item.path)}</bdi> ·{' '}
                    </>
                  )}
                  {t('trash.deleted', { when: formatAgo(item.deleted_at) })}
                </span>
              </span>
              <Button
                icon="undo"
                aria-label={t('trash.restore_name', { name: displayName(item.path) })}
                onClick={(event) => {
                  beside(event.currentTarget)();
                  void bringBack(item);
                }}
              >
                {t('trash.restore')}
              </Button>
            </li>
          ))}
        </ul>
      )}
      {trash.hasNextPage && (
        <Button kind="quiet" busy={trash.isFetchingNextPage} onClick={() => void trash.fetchNextPage()}>
          {t('trash.more')}
        </Button>
      )}
    </div>
  );
}
