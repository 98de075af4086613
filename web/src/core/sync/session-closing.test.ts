import { describe, expect, it, vi } from 'vitest';
import { TicketRefused } from './connection';
import { FakeServer } from './fake-server';
import { connected, kind, lab, open, settled, textOf, type, setUpLab } from './session-lab';

setUpLab();

describe('how a socket ends', () => {
  it('4401: asks for a new ticket and goes on', async () => {
    const session = await open();
    await connected(session);
    lab.server.socket.end(4401);
    await vi.advanceTimersByTimeAsync(1);
    await connected(session);
    expect(lab.server.tickets).toBe(2);
    // But not without end, should every ticket be refused.
    lab.server.socket.end(4401);
    await vi.advanceTimersByTimeAsync(100);
    expect(lab.server.tickets).toBe(2);
  });

  it('stops when the ticket says that the session is over, and goes on after signing in', async () => {
    let signedIn = false;
    const session = await open({
      getTicket: () =>
        signedIn ? Promise.resolve({ ticket: 't', epoch: lab.server.epoch }) : Promise.reject(new TicketRefused(401)),
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
    lab.server.insert(0, 'shared');
    await connected(session);
    lab.server.holdMarkers = true;
    const received = vi.spyOn(lab.server, 'received').mockImplementation((socket, data) => {
      if (data[0] === 0 && data[1] !== 0) socket.end(4403);
      else FakeServer.prototype.received.call(lab.server, socket, data);
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
    lab.server.holdMarkers = true;
    type(session, 'last words');
    lab.server.socket.end(4404);
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
    lab.server.holdMarkers = true;
    type(session, ' two', 3);
    lab.server.rebuild('one restored');
    lab.server.socket.end(4409);
    lab.server.holdMarkers = false;
    await settled(() => textOf(session) === 'one restored' && kind(session) === 'saved');
    expect(session.drafts.list.get()).toMatchObject([{ text: 'one two' }]);
    type(session, '!', 0);
    await settled(() => lab.server.text === '!one restored');
  });

  it('starts afresh as well when the ticket names another epoch, silently when nothing was unsent', async () => {
    const first = await open();
    await connected(first);
    type(first, 'old');
    await settled(() => kind(first) === 'saved');
    await first.close();
    lab.server.rebuild('new');
    const second = await open();
    await settled(() => textOf(second) === 'new' && second.ready.get());
    expect(second.drafts.list.get()).toEqual([]);
  });

  it('4413: stops and tells; starting afresh keeps the text as a draft', async () => {
    const session = await open();
    await connected(session);
    lab.server.holdMarkers = true;
    type(session, 'far too much');
    lab.server.socket.end(4413);
    expect(session.state.get()).toMatchObject({ kind: 'error', error: 'too-large', stopped: true, pending: 1 });
    lab.server.holdMarkers = false;
    await session.startAfresh();
    await connected(session);
    expect(session.drafts.list.get()).toHaveLength(1);
  });

  it('4413: after undoing, trying again sends only what is left', async () => {
    const session = await open();
    await connected(session);
    const { undo, text } = session.replica.get();
    undo.addTrackedOrigin('me');
    vi.spyOn(lab.server, 'received').mockImplementation((socket, data) => {
      if (data.length > 5_000) socket.end(4413);
      else FakeServer.prototype.received.call(lab.server, socket, data);
    });
    text.doc?.transact(() => text.insert(0, 'x'.repeat(6_000)), 'me');
    await settled(() => session.state.get().error === 'too-large');
    undo.undo();
    type(session, 'kept');
    session.retry();
    await settled(() => kind(session) === 'saved');
    expect(lab.server.text).toBe('kept');
    expect(session.state.get().pending).toBe(0);
    type(session, '!', 4);
    await settled(() => lab.server.text === 'kept!' && kind(session) === 'saved');
    await session.close();
    lab.online = false;
    const again = await open();
    expect(textOf(again)).toBe('kept!');
    expect(again.state.get().pending).toBe(0);
  });

  it('1012: comes back when it was told to', async () => {
    const session = await open();
    await connected(session);
    lab.server.socket.end(1012, 'retry-in-ms=3000');
    await vi.advanceTimersByTimeAsync(2_900);
    expect(lab.server.opened).toBe(1);
    await vi.advanceTimersByTimeAsync(200);
    await connected(session);
    expect(lab.server.opened).toBe(2);
  });

  it('1013: says that the server cannot store until something of mine is acknowledged', async () => {
    const session = await open();
    await connected(session);
    lab.server.holdMarkers = true;
    type(session, 'x');
    await settled(() => lab.server.text === 'x');
    lab.server.socket.end(1013);
    expect(session.state.get()).toMatchObject({ kind: 'error', error: 'not-stored', stopped: false });
    await vi.advanceTimersByTimeAsync(1_000);
    await settled(() => lab.server.sockets.size === 1);
    expect(kind(session)).toBe('error');
    lab.server.releaseMarkers();
    await settled(() => kind(session) === 'saved');
  });

  it('a viewer reads, sends no text and is told so', async () => {
    lab.server.insert(0, 'read me');
    const session = await open();
    session.setWritable(false);
    await settled(() => kind(session) === 'readonly');
    expect(textOf(session)).toBe('read me');
  });
});
