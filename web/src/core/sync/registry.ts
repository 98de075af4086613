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

/** Hands out the document's session, opening it when nobody has it open. Call the returned `release` when done. */
export function acquireSession(options: SessionOptions): { session: DocumentSession; release: () => void } {
  const key = `${options.user.id}/${options.documentId}`;
  let entry = entries.get(key);
  if (entry === undefined) {
    entry = { session: new DocumentSession(options), holders: 0, timer: undefined };
    entries.set(key, entry);
    void entry.session.open();
    watchPage();
  }
  const held = entry;
  held.holders += 1;
  clearTimeout(held.timer);
  let released = false;
  const release = () => {
    if (released) return;
    released = true;
    held.holders -= 1;
    if (held.holders === 0) held.timer = setTimeout(() => closeEntry(key, held), LINGER_MS);
  };
  return { session: held.session, release };
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
  addEventListener('offline', () => each((session) => session.refresh()));
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
