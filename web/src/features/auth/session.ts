// Who is using the page. The name of the last user is remembered, so that a reload (or being offline)
// shows the workspace at once; the server has the last word.
import { useSyncExternalStore } from 'react';
import { api, hasSessionCookie, onSessionEnd, OfflineError } from '@/lib/api';
import type { User } from '@/lib/types';

/** undefined: not known yet; null: nobody. */
type Session = User | null | undefined;

const KEY = 'mdreader.user';
/** How the page looks, and what the tabs agree on, may stay after logging out; names of documents and folders may not. */
const NOBODYS = /^mdreader\.(?:theme|mode|sidebar|refreshed-at|lock\..*)$/;

function stored(): User | undefined {
  try {
    return (JSON.parse(localStorage.getItem(KEY) ?? 'null') as User | null) ?? undefined;
  } catch {
    return undefined;
  }
}

let session: Session = stored();
const listeners = new Set<() => void>();

function publish(next: Session): void {
  if (next && session && next.id === session.id && next.name === session.name && next.is_operator === session.is_operator) return;
  if (next === session) return;
  session = next;
  listeners.forEach((listener) => listener());
}

export function signedIn(user: User): void {
  const { id, email, name } = user;
  // Answers that let somebody in leave it out; /api/me says it.
  const isOperator = user.is_operator ?? (session?.id === id && session.is_operator === true);
  const next: User = { id, email, name, is_operator: isOperator };
  localStorage.setItem(KEY, JSON.stringify(next));
  publish(next);
}

/** Somebody has just been let in: what the answer left out is asked for. */
export function justSignedIn(user: User): void {
  signedIn(user);
  if (user.is_operator === undefined) api.get<User>('/api/me').then(signedIn, () => undefined);
}

/** Forgets who it was, without telling the server: it knows. */
export function signedOut(): void {
  const mine = Object.keys(localStorage).filter((name) => name.startsWith('mdreader.') && !NOBODYS.test(name));
  mine.forEach((name) => localStorage.removeItem(name));
  publish(null);
}

export async function logOut(): Promise<void> {
  await api.post('/api/auth/logout');
  // Whoever logs in next did not ask for the document that was open.
  history.replaceState(null, '', '/');
  signedOut();
}

/** Asks the server who this is, and keeps listening for the end of the session, here or in another tab. */
export function startSession(): void {
  onSessionEnd(signedOut);
  window.addEventListener('storage', (event) => {
    if (event.key === KEY) publish(stored() ?? null);
  });
  if (session === undefined && !hasSessionCookie()) {
    publish(null);
    return;
  }
  api.get<User>('/api/me').then(signedIn, (error: unknown) => {
    if (!(error instanceof OfflineError) && session === undefined) publish(null);
  });
}

export const currentUser = (): Session => session;

export function onUserChange(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const useUser = (): Session => useSyncExternalStore(onUserChange, currentUser);
