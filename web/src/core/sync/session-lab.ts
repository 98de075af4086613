/** Sessions on a server in this process, with a clock of their own, for tests. */
import { IDBFactory, IDBKeyRange } from 'fake-indexeddb';
import { afterEach, beforeEach, vi } from 'vitest';
import { FakeServer } from './fake-server';
import { LocalStore } from './local-store';
import { DocumentSession, type SessionOptions } from './session';

const user = { id: 'u1', name: 'Ada' };
const sessions: DocumentSession[] = [];
let storeName = 0;

/** What stands between the sessions and the world, made anew for each test. */
export const lab = { server: new FakeServer(), online: true };

/** Call it once in a test file. */
export function setUpLab(): void {
  beforeEach(() => {
    vi.stubGlobal('indexedDB', new IDBFactory());
    vi.stubGlobal('IDBKeyRange', IDBKeyRange);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'] });
    lab.server = new FakeServer();
    lab.online = true;
    storeName += 1;
  });

  afterEach(async () => {
    await Promise.all(sessions.splice(0).map((session) => session.close()));
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });
}

/** An open session of the document, on the store that this test's sessions share. */
export async function open(changed: Partial<SessionOptions> = {}): Promise<DocumentSession> {
  const session = new DocumentSession({
    user,
    documentId: 'd1',
    store: LocalStore.open(`store-${storeName}`),
    getTicket: () => {
      if (!lab.online) return Promise.reject(new TypeError('failed to fetch'));
      lab.server.tickets += 1;
      return Promise.resolve({ ticket: `t${lab.server.tickets}`, epoch: lab.server.epoch });
    },
    openSocket: () => lab.server.connect() as unknown as WebSocket,
    mayWrite: () => Promise.resolve(true),
    isOnline: () => lab.online,
    ...changed,
  });
  sessions.push(session);
  session.setWritable(true);
  await session.open();
  return session;
}

export const settled = (condition: () => boolean) => vi.waitUntil(condition, { timeout: 20_000, interval: 2 });
export const type = (session: DocumentSession, text: string, at = 0) => session.replica.get().text.insert(at, text);
export const textOf = (session: DocumentSession) => session.replica.get().text.toJSON();
export const kind = (session: DocumentSession) => session.state.get().kind;
export const connected = (session: DocumentSession) => settled(() => ['live', 'saved', 'saving'].includes(kind(session)));

export async function cutCable(): Promise<void> {
  lab.online = false;
  for (const socket of [...lab.server.sockets]) socket.end(1006);
  await vi.advanceTimersByTimeAsync(0);
}
