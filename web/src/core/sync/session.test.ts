import { IDBFactory, IDBKeyRange } from 'fake-indexeddb';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TicketRefused } from './connection';
import { FakeServer } from './fake-server';
import { LocalStore } from './local-store';
import { DocumentSession, type SessionOptions } from './session';

const user = { id: 'u1', name: 'Ada' };
const sessions: DocumentSession[] = [];
let server: FakeServer;
let online: boolean;
let storeName = 0;

beforeEach(() => {
  vi.stubGlobal('indexedDB', new IDBFactory());
  vi.stubGlobal('IDBKeyRange', IDBKeyRange);
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'] });
  server = new FakeServer();
  online = true;
  storeName += 1;
});

afterEach(async () => {
  await Promise.all(sessions.splice(0).map((session) => session.close()));
  vi.useRealTimers();
});

async function open(changed: Partial<SessionOptions> = {}): Promise<DocumentSession> {
  const session = new DocumentSession({
    user,
    documentId: 'd1',
    store: LocalStore.open(`store-${storeName}`),
    getTicket: () => {
      if (!online) return Promise.reject(new TypeError('failed to fetch'));
      server.tickets += 1;
      return Promise.resolve({ ticket: `t${server.tickets}`, epoch: server.epoch });
    },
    openSocket: () => server.connect() as unknown as WebSocket,
    mayWrite: () => Promise.resolve(true),
    isOnline: () => online,
    ...changed,
  });
  sessions.push(session);
  session.setWritable(true);
  await session.open();
  return session;
}

const settled = (condition: () => boolean) => vi.waitUntil(condition, { timeout: 3000, interval: 2 });
const type = (session: DocumentSession, text: string, at = 0) => session.replica.get().text.insert(at, text);
const textOf = (session: DocumentSession) => session.replica.get().text.toJSON();
const kind = (session: DocumentSession) => session.state.get().kind;
const connected = (session: DocumentSession) => settled(() => ['live', 'saved', 'saving'].includes(kind(session)));

async function cutCable(): Promise<void> {
  online = false;
  for (const socket of [...server.sockets]) socket.end(1006);
  await vi.advanceTimersByTimeAsync(0);
}

describe('saving', () => {
  it('is live without changes, saving until the echo, and saved after it', async () => {
    const session = await open();
    await connected(session);
    expect(kind(session)).toBe('live');
    server.holdMarkers = true;
    type(session, 'hello');
    expect(session.state.get()).toMatchObject({ kind: 'saving', pending: 1 });
    await settled(() => server.text === 'hello');
    expect(kind(session)).toBe('saving');
    server.releaseMarkers();
    await settled(() => kind(session) === 'saved');
    expect(session.state.get().pending).toBe(0);
  });

  it('does not call a change saved that was made after the marker went out', async () => {
    const session = await open();
    await connected(session);
    server.holdMarkers = true;
    type(session, 'a');
    await settled(() => server.text === 'a');
    type(session, 'b', 1);
    server.holdMarkers = false;
    server.releaseMarkers();
    expect(session.state.get()).toMatchObject({ kind: 'saved', pending: 0 });
    expect(server.text).toBe('ab');
  });

  it('merges what is typed within 20 ms into one frame', async () => {
    const session = await open();
    await connected(session);
    server.seen.length = 0;
    for (let i = 0; i < 5; i += 1) type(session, 'x', i);
    await settled(() => kind(session) === 'saved');
    expect(server.seen.filter((frame) => frame.kind === 'update')).toHaveLength(1);
    expect(server.seen.filter((frame) => frame.kind === 'marker')).toHaveLength(1);
  });

  it('shows the changes of others', async () => {
    const session = await open();
    await connected(session);
    server.insert(0, 'from afar');
    expect(textOf(session)).toBe('from afar');
    expect(session.state.get().pending).toBe(0);
  });
});

describe('away and back', () => {
  it('counts changes made offline and merges them on return', async () => {
    const session = await open();
    await connected(session);
    await cutCable();
    expect(kind(session)).toBe('offline');
    type(session, 'mine ');
    type(session, 'and more ', 5);
    server.insert(0, 'theirs');
    expect(session.state.get()).toMatchObject({ kind: 'offline', pending: 2 });
    online = true;
    session.wake();
    await settled(() => kind(session) === 'saved');
    expect(textOf(session)).toBe(server.text);
    expect(server.text).toContain('mine and more ');
    expect(server.text).toContain('theirs');
  });

  it('keeps unacknowledged changes and their count over a reload', async () => {
    const first = await open();
    await connected(first);
    type(first, 'known. ');
    await settled(() => kind(first) === 'saved');
    await cutCable();
    type(first, 'unsent', 7);
    first.replica.get().text.delete(0, 3);
    await settled(() => first.state.get().keptHere);
    await first.close();

    const second = await open();
    expect(second.ready.get()).toBe(true);
    expect(textOf(second)).toContain('unsent');
    expect(second.state.get()).toMatchObject({ pending: 2, keptHere: true });
    expect(second.wouldLose).toBe(false);
    online = true;
    second.wake();
    await settled(() => kind(second) === 'saved');
    expect(server.text).toBe(textOf(second));
    await second.close();

    online = false;
    const third = await open();
    await settled(() => third.ready.get());
    expect(third.state.get().pending).toBe(0);
  });

  it('would lose changes only when they are neither acknowledged nor stored', async () => {
    const session = await open({ store: Promise.resolve(null) });
    await connected(session);
    expect(session.wouldLose).toBe(false);
    server.holdMarkers = true;
    type(session, 'x');
    expect(session.wouldLose).toBe(true);
    await settled(() => server.text === 'x');
    server.releaseMarkers();
    expect(session.wouldLose).toBe(false);
  });

  it('lets two tabs of one browser work side by side', async () => {
    const a = await open();
    const b = await open();
    await connected(a);
    await connected(b);
    type(a, 'A');
    await settled(() => textOf(b) === 'A');
    type(b, 'B', 1);
    await settled(() => textOf(a) === 'AB' && kind(a) === 'saved' && kind(b) === 'saved');
    expect(server.text).toBe('AB');
  });

  it('says reconnecting first and offline when it lasts', async () => {
    const session = await open();
    await connected(session);
    let refused = true;
    vi.spyOn(server, 'connect').mockImplementation(() => {
      if (refused) throw new Error('unexpected');
      return FakeServer.prototype.connect.call(server);
    });
    refused = false;
    server.socket.end(1006);
    expect(kind(session)).toBe('reconnecting');
    online = false;
    await vi.advanceTimersByTimeAsync(9_000);
    expect(kind(session)).toBe('offline');
  });

  it('notices a connection that died in silence', async () => {
    const session = await open();
    await connected(session);
    server.silent = true;
    await vi.advanceTimersByTimeAsync(46_000);
    expect(server.opened).toBeGreaterThan(1);
    expect(kind(session)).not.toBe('live');
  });
});

describe('how a socket ends', () => {
  it('4401: asks for a new ticket and goes on', async () => {
    const session = await open();
    await connected(session);
    server.socket.end(4401);
    await vi.advanceTimersByTimeAsync(1);
    await connected(session);
    expect(server.tickets).toBe(2);
    // But not without end, should every ticket be refused.
    server.socket.end(4401);
    await vi.advanceTimersByTimeAsync(100);
    expect(server.tickets).toBe(2);
  });

  it('stops when the ticket says that the session is over, and goes on after signing in', async () => {
    let signedIn = false;
    const session = await open({
      getTicket: () =>
        signedIn ? Promise.resolve({ ticket: 't', epoch: server.epoch }) : Promise.reject(new TicketRefused(401)),
    });
    await settled(() => kind(session) === 'error');
    expect(session.state.get()).toMatchObject({ error: 'signed-out', stopped: true });
    signedIn = true;
    session.retry();
    await connected(session);
  });

  it('4403: becomes read-only and keeps what could not be sent as a draft', async () => {
    const mayWrite = vi.fn(() => Promise.resolve(false));
    const session = await open({ mayWrite });
    server.insert(0, 'shared');
    await connected(session);
    server.holdMarkers = true;
    const received = vi.spyOn(server, 'received').mockImplementation((socket, data) => {
      if (data[0] === 0 && data[1] !== 0) socket.end(4403);
      else FakeServer.prototype.received.call(server, socket, data);
    });
    type(session, 'not allowed ');
    await settled(() => kind(session) === 'readonly');
    received.mockRestore();
    expect(mayWrite).toHaveBeenCalled();
    expect(textOf(session)).toBe('shared');
    expect(session.drafts.list.get()).toMatchObject([{ text: 'not allowed shared', changes: 1 }]);
  });

  it('4404: stops, drops the copy, keeps a draft', async () => {
    const session = await open();
    await connected(session);
    server.holdMarkers = true;
    type(session, 'last words');
    server.socket.end(4404);
    await settled(() => session.drafts.list.get().length === 1 && session.drafts.list.get()[0]!.id > 0);
    expect(session.state.get()).toMatchObject({ kind: 'error', error: 'gone', stopped: true });
    expect(session.ready.get()).toBe(false);
    await session.close();
    const again = await open({ getTicket: () => Promise.reject(new TicketRefused(404)) });
    expect(again.ready.get()).toBe(false);
    expect(again.drafts.list.get()).toHaveLength(1);
    await again.drafts.dismiss(again.drafts.list.get()[0]!.id);
    expect(again.drafts.list.get()).toHaveLength(0);
  });

  it('4409: starts afresh without doubling the text, unsent text becomes a draft', async () => {
    const session = await open();
    await connected(session);
    type(session, 'one');
    await settled(() => kind(session) === 'saved');
    server.holdMarkers = true;
    type(session, ' two', 3);
    server.rebuild('one restored');
    server.socket.end(4409);
    server.holdMarkers = false;
    await settled(() => textOf(session) === 'one restored' && kind(session) === 'saved');
    expect(session.drafts.list.get()).toMatchObject([{ text: 'one two' }]);
    type(session, '!', 0);
    await settled(() => server.text === '!one restored');
  });

  it('starts afresh as well when the ticket names another epoch, silently when nothing was unsent', async () => {
    const first = await open();
    await connected(first);
    type(first, 'old');
    await settled(() => kind(first) === 'saved');
    await first.close();
    server.rebuild('new');
    const second = await open();
    await settled(() => textOf(second) === 'new' && second.ready.get());
    expect(second.drafts.list.get()).toEqual([]);
  });

  it('4413: stops and tells; starting afresh keeps the text as a draft', async () => {
    const session = await open();
    await connected(session);
    server.holdMarkers = true;
    type(session, 'far too much');
    server.socket.end(4413);
    expect(session.state.get()).toMatchObject({ kind: 'error', error: 'too-large', stopped: true, pending: 1 });
    server.holdMarkers = false;
    await session.startAfresh();
    await connected(session);
    expect(session.drafts.list.get()).toHaveLength(1);
  });

  it('4413: after undoing, trying again sends only what is left', async () => {
    const session = await open();
    await connected(session);
    const { undo, text } = session.replica.get();
    undo.addTrackedOrigin('me');
    vi.spyOn(server, 'received').mockImplementation((socket, data) => {
      if (data.length > 5_000) socket.end(4413);
      else FakeServer.prototype.received.call(server, socket, data);
    });
    text.doc?.transact(() => text.insert(0, 'x'.repeat(6_000)), 'me');
    await settled(() => session.state.get().error === 'too-large');
    undo.undo();
    type(session, 'kept');
    session.retry();
    await settled(() => kind(session) === 'saved');
    expect(server.text).toBe('kept');
    expect(session.state.get().pending).toBe(0);
    type(session, '!', 4);
    await settled(() => server.text === 'kept!' && kind(session) === 'saved');
    await session.close();
    online = false;
    const again = await open();
    expect(textOf(again)).toBe('kept!');
    expect(again.state.get().pending).toBe(0);
  });

  it('1012: comes back when it was told to', async () => {
    const session = await open();
    await connected(session);
    server.socket.end(1012, 'retry-in-ms=3000');
    await vi.advanceTimersByTimeAsync(2_900);
    expect(server.opened).toBe(1);
    await vi.advanceTimersByTimeAsync(200);
    await connected(session);
    expect(server.opened).toBe(2);
  });

  it('1013: says that the server cannot store until something of mine is acknowledged', async () => {
    const session = await open();
    await connected(session);
    server.holdMarkers = true;
    type(session, 'x');
    await settled(() => server.text === 'x');
    server.socket.end(1013);
    expect(session.state.get()).toMatchObject({ kind: 'error', error: 'not-stored', stopped: false });
    await vi.advanceTimersByTimeAsync(1_000);
    await settled(() => server.sockets.size === 1);
    expect(kind(session)).toBe('error');
    server.releaseMarkers();
    await settled(() => kind(session) === 'saved');
  });

  it('a viewer reads, sends no text and is told so', async () => {
    server.insert(0, 'read me');
    const session = await open();
    session.setWritable(false);
    await settled(() => kind(session) === 'readonly');
    expect(textOf(session)).toBe('read me');
  });
});

describe('two tabs', () => {
  it('start afresh together, and the copy of the new epoch survives', async () => {
    const a = await open();
    const b = await open();
    await connected(a);
    await connected(b);
    type(a, 'old');
    await settled(() => textOf(b) === 'old' && kind(a) === 'saved');
    server.rebuild('new text');
    for (const socket of [...server.sockets]) socket.end(4409);
    await settled(() => textOf(a) === 'new text' && textOf(b) === 'new text');
    type(a, 'A', 0);
    await settled(() => textOf(b) === 'Anew text' && kind(a) === 'saved');
    await a.close();
    await b.close();
    online = false;
    const later = await open();
    expect(textOf(later)).toBe('Anew text');
    expect(later.ready.get()).toBe(true);
  });

  it('settle only what they knew of each other', async () => {
    const a = await open();
    await connected(a);
    await cutCable();
    type(a, 'from a');
    await settled(() => a.state.get().keptHere);
    const b = await open();
    expect(b.state.get().pending).toBe(1);
    type(a, ' and more', 6);
    await settled(() => a.state.get().keptHere);
    online = true;
    b.wake();
    await settled(() => kind(b) === 'saved');
    expect(server.text).toBe('from a');
    await b.close();
    online = false;
    const c = await open();
    expect(c.state.get().pending).toBe(2);
    expect(textOf(c)).toBe('from a and more');
  });
});

describe('presence', () => {
  it('forgets the others when the connection is gone', async () => {
    const a = await open();
    await connected(a);
    const { awareness } = a.replica.get();
    awareness.states.set(77, { user: { name: 'Bob' } });
    awareness.meta.set(77, { clock: 1, lastUpdated: Date.now() });
    server.socket.end(1006);
    expect([...awareness.getStates().keys()]).toEqual([awareness.clientID]);
  });
});
