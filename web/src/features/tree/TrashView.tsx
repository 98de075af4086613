import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useLocation } from 'wouter';
import { api, ApiError } from '@/lib/api';
import { formatAgo } from '@/lib/i18n';
import { displayName, freePath, parentPath } from '@/lib/paths';
import { t } from '@/lib/strings';
import { toast } from '@/lib/toasts';
import type { TrashedDocument } from '@/lib/types';
import { Button } from '@/ui/Button';
import { FormError } from '@/ui/Field';
import { EmptyState, Skeleton } from '@/ui/parts';
import { queryClient, reportFailure } from '@/ui/query';
import { cachedDocuments, documentsKey } from './data';
import './trash.css';

type Trash = readonly TrashedDocument[];

const SHOWN = 200;

/** Brings a document back; under another name when its own was taken meanwhile. */
async function restore({ id, path }: TrashedDocument, workspaceId: string): Promise<string> {
  try {
    await api.post(`/api/documents/${id}/restore`, {});
    return path;
  } catch (error) {
    if (!(error instanceof ApiError && error.code === 'path_taken')) throw error;
    const free = freePath(path, new Set(cachedDocuments(workspaceId).map((one) => one.path)));
    await api.post(`/api/documents/${id}/restore`, { path: free });
    return free;
  }
}

export default function TrashView({ workspaceId, editable }: { workspaceId: string; editable: boolean }) {
  const [, navigate] = useLocation();
  const [shown, setShown] = useState(SHOWN);
  const key = ['trash', workspaceId] as const;
  const trash = useQuery({
    queryKey: key,
    queryFn: ({ signal }) => api.get<{ items: Trash }>(`/api/workspaces/${workspaceId}/trash`, signal).then(({ items }) => items),
    refetchOnMount: 'always',
  });

  const bringBack = async (item: TrashedDocument): Promise<void> => {
    const name = displayName(item.path);
    queryClient.setQueryData<Trash>(key, (list) => list?.filter(({ id }) => id !== item.id));
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
      {trash.data?.length === 0 && <EmptyState level={2} title={t('trash.empty')} text={t('trash.empty_text')} />}
      {trash.data && trash.data.length > 0 && (
        <ul className="trash-list">
          {trash.data.slice(0, shown).map((item) => (
            <li key={item.id}>
              <span className="trash-name">
                <bdi>{displayName(item.path)}</bdi>
                <span className="trash-note">
                  <bdi>{parentPath(item.path)}</bdi> {t('trash.deleted', { when: formatAgo(item.deleted_at) })}
                </span>
              </span>
              {editable && (
                <Button icon="undo" aria-label={t('trash.restore_name', { name: displayName(item.path) })} onClick={() => void bringBack(item)}>
                  {t('trash.restore')}
                </Button>
              )}
            </li>
          ))}
        </ul>
      )}
      {trash.data && trash.data.length > shown && (
        <Button kind="quiet" onClick={() => setShown(shown + SHOWN)}>
          {t('trash.more', { count: trash.data.length - shown })}
        </Button>
      )}
    </div>
  );
}
