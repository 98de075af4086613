import { useQuery } from '@tanstack/react-query';
import { api } from '@/lib/api';
import { t } from '@/lib/strings';
import { toast } from '@/lib/toasts';
import type { Role, Workspace } from '@/lib/types';
import { optimistic, queryClient } from '@/ui/query';

const KEY = ['workspaces'] as const;
const LAST = 'mdreader.last-workspace';

const POLL_MS = 60_000;
/** Somebody who has no workspace yet is probably about to be added to one. */
const WAITING_MS = 5_000;

type List = readonly Workspace[];

async function load(signal: AbortSignal): Promise<List> {
  const { items } = await api.get<{ items: List }>('/api/workspaces', signal);
  return items;
}

export const useWorkspaces = () => useQuery({ queryKey: KEY, queryFn: ({ signal }) => load(signal), meta: { persist: true }, refetchInterval: ({ state }) => (state.data?.length === 0 ? WAITING_MS : POLL_MS) });

export function useWorkspace(id: string): Workspace | undefined {
  return useWorkspaces().data?.find((workspace) => workspace.id === id);
}

const setList = (change: (list: List) => List): void => {
  queryClient.setQueryData<List>(KEY, (list) => change(list ?? []));
};

export async function createWorkspace(name: string): Promise<Workspace> {
  const workspace = await api.post<Workspace>('/api/workspaces', { name });
  setList((list) => [...list.filter(({ id }) => id !== workspace.id), workspace]);
  return workspace;
}

export async function renameWorkspace({ id }: Workspace, name: string): Promise<void> {
  await api.patch(`/api/workspaces/${id}`, { name });
  setList((list) => list.map((one) => (one.id === id ? { ...one, name } : one)));
}

/** Takes it away at once, and calls `onGone` then; Undo brings it back whole. */
export async function deleteWorkspace(workspace: Workspace, onGone: () => void): Promise<void> {
  const { id, name } = workspace;
  const done = await optimistic<List, true>(
    KEY,
    (list) => list.filter((one) => one.id !== id),
    () => {
      onGone();
      return api.delete(`/api/workspaces/${id}`).then(() => true);
    },
    t('workspace.delete_failed', { name }),
  );
  if (!done) return;
  const undo = (): void => {
    void optimistic<List, unknown>(KEY, (list) => [...list, workspace], () => api.post(`/api/workspaces/${id}/restore`), t('workspace.restore_failed', { name }));
  };
  toast(t('workspace.deleted', { name }), { action: { label: t('undo'), run: undo } });
}

/** Forgets a workspace that this person left or lost. */
export const forgetWorkspace = (id: string): void => setList((list) => list.filter((one) => one.id !== id));

export const canEdit = (role: Role | undefined): boolean => role === 'owner' || role === 'editor';

export const lastWorkspace = (): string | null => localStorage.getItem(LAST);
export const rememberWorkspace = (id: string): void => localStorage.setItem(LAST, id);
