// The documents of a workspace, and what can be done to them: shown at once, taken back with a reason.
import { useQuery } from '@tanstack/react-query';
import { api, request } from '@/lib/api';
import { markFresh } from '@/lib/fresh';
import { baseName, displayName, isWithin } from '@/lib/paths';
import { t } from '@/lib/strings';
import { toast } from '@/lib/toasts';
import type { DocumentInfo, Page } from '@/lib/types';
import { optimistic, queryClient, reportFailure } from '@/ui/query';

export type Documents = readonly DocumentInfo[];

const PAGE = 1000;
const POLL_MS = 10_000;

export const documentsKey = (workspaceId: string) => ['documents', workspaceId] as const;

/** By workspace: what the server called the list that was loaded last, if it names lists. */
const versions = new Map<string, string>();

/** Everything, or what is known already when the server says that nothing changed. */
export async function loadDocuments(workspaceId: string, signal: AbortSignal): Promise<Documents> {
  const url = `/api/workspaces/${workspaceId}/documents?limit=${PAGE}`;
  const known = queryClient.getQueryData<Documents>(documentsKey(workspaceId));
  const version = versions.get(workspaceId);
  const first = await request('GET', url, { signal, headers: known && version ? { 'If-None-Match': version } : {} });
  if (first.status === 304 && known) return known;

  let page = (await first.json()) as Page<DocumentInfo>;
  const all = [...page.items];
  while (page.next_cursor !== null) {
    page = await api.get<Page<DocumentInfo>>(`${url}&cursor=${encodeURIComponent(page.next_cursor)}`, signal);
    all.push(...page.items);
  }
  const etag = first.headers.get('ETag');
  if (etag === null) versions.delete(workspaceId);
  else versions.set(workspaceId, etag);
  return all;
}

/** How long to wait before asking again: a server that cannot say "unchanged" is asked less for a long list. */
const pollMs = (workspaceId: string, count: number): number => (versions.has(workspaceId) ? POLL_MS : POLL_MS * Math.max(1, Math.ceil(count / PAGE)));

/** The whole list; others' changes come in within seconds. */
export const useDocuments = (workspaceId: string) =>
  useQuery({
    queryKey: documentsKey(workspaceId),
    queryFn: ({ signal }) => loadDocuments(workspaceId, signal),
    meta: { persist: true },
    refetchInterval: ({ state }) => pollMs(workspaceId, state.data?.length ?? 0),
    refetchOnWindowFocus: true,
  });

export const cachedDocuments = (workspaceId: string): Documents => queryClient.getQueryData<Documents>(documentsKey(workspaceId)) ?? [];

const change = <R>(workspaceId: string, how: (list: Documents) => Documents, work: () => Promise<R>, failure: string) =>
  optimistic<Documents, R>(documentsKey(workspaceId), how, work, failure);

/** Resolves to the new document, ready to be written in; throws what the server said when it refused. */
export async function makeDocument(workspaceId: string, path: string): Promise<DocumentInfo> {
  const created = await api.post<DocumentInfo>(`/api/workspaces/${workspaceId}/documents`, { path, content: '' });
  const queryKey = documentsKey(workspaceId);
  // A list that was asked for before may lack it, and would take it away again.
  await queryClient.cancelQueries({ queryKey });
  queryClient.setQueryData<Documents>(queryKey, (list) => [...(list ?? []).filter(({ id }) => id !== created.id), created]);
  void queryClient.invalidateQueries({ queryKey });
  markFresh(created.id);
  return created;
}

/** Resolves to the new document, or to undefined when it was refused, which has been reported. */
export async function createDocument(workspaceId: string, path: string): Promise<DocumentInfo | undefined> {
  try {
    return await makeDocument(workspaceId, path);
  } catch (error) {
    reportFailure(t('tree.create_failed', { name: displayName(path) }), error);
    return undefined;
  }
}

/** Resolves to whether it was moved; when not, that has been reported. */
export async function moveDocument(workspaceId: string, id: string, path: string): Promise<boolean> {
  const done = await change(
    workspaceId,
    (list) => list.map((one) => (one.id === id ? { ...one, path } : one)),
    () => api.patch(`/api/documents/${id}`, { path }).then(() => true),
    t('tree.move_failed', { name: displayName(path) }),
  );
  return done ?? false;
}

/** As `moveDocument`, with everything inside. */
export async function moveFolder(workspaceId: string, from: string, to: string): Promise<boolean> {
  const done = await change(
    workspaceId,
    (list) => list.map((one) => (isWithin(one.path, from) && one.path !== from ? { ...one, path: to + one.path.slice(from.length) } : one)),
    () => api.post(`/api/workspaces/${workspaceId}/folders/move`, { from_path: from, to_path: to }).then(() => true),
    t('tree.move_failed', { name: baseName(from) }),
  );
  return done ?? false;
}

interface RestoreAnswer {
  readonly items: Documents;
  readonly conflicts: readonly unknown[];
}

async function restoreMany(workspaceId: string, ids: readonly string[]): Promise<void> {
  const { conflicts } = await api.post<RestoreAnswer>(`/api/workspaces/${workspaceId}/documents/restore`, { document_ids: ids });
  if (conflicts.length > 0) toast(t('tree.restore_conflicts', { count: conflicts.length }), { kind: 'error' });
}

export const trashKey = (workspaceId: string) => ['trash', workspaceId] as const;

function offerUndo(workspaceId: string, gone: Documents, text: string, restore: () => Promise<unknown>, onUndone: () => void): void {
  const refreshTrash = (): void => void queryClient.invalidateQueries({ queryKey: trashKey(workspaceId) });
  const run = (): void => {
    void change(workspaceId, (list) => [...list, ...gone], () => restore().then(() => true), t('tree.restore_failed')).then((done) => {
      refreshTrash();
      if (done) onUndone();
    });
  };
  refreshTrash();
  toast(text, { action: { label: t('undo'), run } });
}

interface Back {
  /** The person took it back. */
  readonly undone: () => void;
  /** The server did not do it. */
  readonly refused: () => void;
}

export async function deleteDocument(workspaceId: string, document: DocumentInfo, { undone, refused }: Back): Promise<void> {
  const { id, path } = document;
  const name = displayName(path);
  const without = (list: Documents): Documents => list.filter((one) => one.id !== id);
  const done = await change(workspaceId, without, () => api.delete(`/api/documents/${id}`).then(() => true), t('tree.delete_failed', { name }));
  if (done) offerUndo(workspaceId, [document], t('tree.deleted', { name }), () => api.post(`/api/documents/${id}/restore`, {}), undone);
  else refused();
}

export async function deleteFolder(workspaceId: string, path: string, { undone, refused }: Back): Promise<void> {
  const inside = ({ path: one }: DocumentInfo): boolean => isWithin(one, path) && one !== path;
  const gone = cachedDocuments(workspaceId).filter(inside);
  const answer = await change(
    workspaceId,
    (list) => list.filter((one) => !inside(one)),
    () => api.post<{ document_ids: readonly string[] }>(`/api/workspaces/${workspaceId}/folders/delete`, { path }),
    t('tree.delete_failed', { name: baseName(path) }),
  );
  if (!answer) {
    refused();
    return;
  }
  const text = t('tree.folder_deleted', { name: baseName(path), count: answer.document_ids.length });
  offerUndo(workspaceId, gone, text, () => restoreMany(workspaceId, answer.document_ids), undone);
}
