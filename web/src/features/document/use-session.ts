/** The document as React sees it: a session that lives outside, and what the server says about it. */
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState, useSyncExternalStore } from 'react';
import { closeAllSessions, ensureSession, holdSession, openLocalStore, TicketRefused, type DocumentSession, type Observable, type Ticket } from '@/core/sync';
import { api, ApiError } from '@/lib/api';
import { elsewhere } from '@/lib/elsewhere';
import type { Role, User } from '@/lib/types';
import { queryClient } from '@/ui/query';

export interface ServerDocument {
  readonly id: string;
  readonly workspace_id: string;
  readonly path: string;
  readonly title: string;
  readonly role: Role;
  readonly content: string;
}

export const mayWrite = (role: string | undefined): boolean => role === 'owner' || role === 'editor';

const documentKey = (documentId: string) => ['document', documentId] as const;

export const useObservable = <T,>(observable: Observable<T>): T => useSyncExternalStore(observable.subscribe, observable.get);

async function getTicket(documentId: string): Promise<Ticket> {
  try {
    const { ticket, epoch, role } = await api.post<{ ticket: string; epoch: unknown; role: Role }>(`/api/documents/${documentId}/ticket`);
    // Changed while no socket was open to say so: the screen asks anew.
    const known = queryClient.getQueryData<ServerDocument>(documentKey(documentId));
    if (known && known.role !== role) void queryClient.invalidateQueries({ queryKey: documentKey(documentId) });
    return { ticket, epoch: String(epoch) };
  } catch (error) {
    throw error instanceof ApiError ? new TicketRefused(error.status, elsewhere(error) ?? undefined) : error;
  }
}

function openSocket(documentId: string, { ticket, epoch }: Ticket): WebSocket {
  const base = location.origin.replace(/^http/, 'ws');
  const query = new URLSearchParams({ token: ticket, epoch });
  return new WebSocket(`${base}/api/collab/${documentId}?${query.toString()}`);
}

async function askRight(documentId: string): Promise<boolean | null> {
  try {
    const document = await api.get<ServerDocument>(`/api/documents/${documentId}`);
    // The screen learns of the new role from the same answer.
    queryClient.setQueryData(documentKey(documentId), document);
    return mayWrite(document.role);
  } catch (error) {
    if (error instanceof ApiError && (error.status === 403 || error.status === 404)) return null;
    throw error;
  } finally {
    // The frame around it shows what the role allows, too.
    void queryClient.invalidateQueries({ queryKey: ['workspaces'] });
  }
}

const sessionFor = (documentId: string, me: User): DocumentSession =>
  ensureSession({
    user: { id: me.id, name: me.name },
    documentId,
    store: openLocalStore(),
    getTicket: () => getTicket(documentId),
    openSocket: (ticket) => openSocket(documentId, ticket),
    mayWrite: () => askRight(documentId),
    isOnline: () => navigator.onLine,
  });

export function useDocumentSession(documentId: string, me: User): DocumentSession {
  const [session] = useState(() => sessionFor(documentId, me));
  useEffect(() => holdSession(session), [session]);
  return session;
}

/** The document's metadata, from the server or else from the copy in this browser. */
export function useDocumentInfo(documentId: string, session: DocumentSession) {
  const query = useQuery({
    queryKey: documentKey(documentId),
    queryFn: ({ signal }) => api.get<ServerDocument>(`/api/documents/${documentId}`, signal),
    refetchOnWindowFocus: true,
  });
  const local = useObservable(session.info);
  const { data } = query;
  useEffect(() => {
    if (!data) return;
    const { id, workspace_id, path, title, role } = data;
    session.setInfo({ id, workspace_id, path, title, role });
    session.setWritable(mayWrite(role));
  }, [data, session]);
  useEffect(() => {
    // Without the network the role we had last decides; the server judges again when it is back.
    if (!data && local) session.setWritable(mayWrite(local.role));
  }, [data, local, session]);
  const missing = query.error instanceof ApiError && (query.error.status === 404 || query.error.status === 403);
  return { info: data ?? local, content: data?.content, missing, moved: elsewhere(query.error), refetch: query.refetch };
}

/** After signing out no document stays in this browser, except for what was never sent. */
export async function forgetDocuments(userId: string): Promise<void> {
  await closeAllSessions();
  await (await openLocalStore())?.trim(userId, 0);
}
