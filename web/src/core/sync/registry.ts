/** The open documents of this page. A session outlives the component that asked for it by a few seconds. */
import { DocumentSession, type SessionOptions } from './session';

/** Long enough for going back and forth, and for React mounting twice in development. */
const LINGER_MS = 4_000;

interface Entry {
  readonly session: DocumentSession;
  holders: number;
  timer: ReturnType<typeof setTimeout> | undefined;
}

const entries = new Map<string, Entry>();
let watching = false;

const keyOf = (options: SessionOptions) => `${options.user.id}/${options.documentId}`;

/**
 * The document's session, opened when nobody has it open. It closes by itself unless somebody holds it soon, so that a
 * component may ask for it while it renders.
 */
export function ensureSession(options: SessionOptions): DocumentSession {
  const key = keyOf(options);
  const known = entries.get(key);
  if (known) return known.session;
  const entry: Entry = { session: new DocumentSession(options), holders: 0, timer: undefined };
  entries.set(key, entry);
  lingerOn(key, entry);
  void entry.session.open();
  watchPage();
  return entry.session;
}

/** Keeps the session open until the returned function is called. */
export function holdSession(session: DocumentSession): () => void {
  const found = [...entries].find(([, entry]) => entry.session === session);
  if (!found) return () => undefined;
  const [key, entry] = found;
  // Whoever comes back to a document that was refused a moment ago wants to know how it stands now.
  if (entry.holders === 0 && session.state.get().stopped) session.retry();
  entry.holders += 1;
  clearTimeout(entry.timer);
  let released = false;
  return () => {
    if (released) return;
    released = true;
    entry.holders -= 1;
    if (entry.holders === 0) lingerOn(key, entry);
  };
}

function lingerOn(key: string, entry: Entry): void {
  entry.timer = setTimeout(() => closeEntry(key, entry), LINGER_MS);
}

function closeEntry(key: string, entry: Entry): void {
  entries.delete(key);
  void entry.session.close();
}

/** Closes everything at once, for signing out: nobody else's session may go on under the next account. */
export async function closeAllSessions(): Promise<void> {
  const open = [...entries.values()];
  entries.clear();
  for (const entry of open) clearTimeout(entry.timer);
  await Promise.all(open.map((entry) => entry.session.close()));
}

function each(act: (session: DocumentSession) => void): void {
  for (const entry of entries.values()) act(entry.session);
}

function watchPage(): void {
  if (watching) return;
  watching = true;
  addEventListener('online', () => each((session) => session.wake()));
  // Not believed, only checked: a server on this machine or this network may still answer.
  addEventListener('offline', () => each((session) => session.wake()));
  addEventListener('pageshow', () => each((session) => session.wake()));
  addEventListener('pagehide', () => each((session) => session.flush()));
  document.addEventListener('visibilitychange', () => {
    each((session) => {
      if (document.visibilityState === 'visible') session.wake();
      else session.flush();
    });
  });
  addEventListener('beforeunload', (event) => {
    each((session) => session.flush());
    if ([...entries.values()].some(({ session }) => session.wouldLose)) event.preventDefault();
  });
}
