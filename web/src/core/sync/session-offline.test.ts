import { describe, expect, it, vi } from 'vitest';
import { FakeServer } from './fake-server';
import { connected, cutCable, kind, lab, open, settled, textOf, type, setUpLab } from './session-lab';

setUpLab();

describe('away and back', () => {
  it('counts changes made offline and merges them on return', async () => {
    const session = await open();
    await connected(session);
    await cutCable();
    expect(kind(session)).toBe('offline');
    type(session, 'mine ');
    type(session, 'and more ', 5);
    lab.server.insert(0, 'theirs');
    expect(session.state.get()).toMatchObject({ kind: 'offline', pending: 2 });
    lab.online = true;
    session.wake();
    await settled(() => kind(session) === 'saved');
    expect(textOf(session)).toBe(lab.server.text);
    expect(lab.server.text).toContain('mine and more ');
    expect(lab.server.text).toContain('theirs');
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
    lab.online = true;
    second.wake();
    await settled(() => kind(second) === 'saved');
    expect(lab.server.text).toBe(textOf(second));
    await second.close();

    lab.online = false;
    const third = await open();
    await settled(() => third.ready.get());
    expect(third.state.get().pending).toBe(0);
  });

  it('would lose changes only when they are neither acknowledged nor stored', async () => {
    const session = await open({ store: Promise.resolve(null) });
    await connected(session);
    expect(session.wouldLose).toBe(false);
    lab.server.holdMarkers = true;
    type(session, 'x');
    expect(session.wouldLose).toBe(true);
    await settled(() => lab.server.text === 'x');
    lab.server.releaseMarkers();
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
    expect(lab.server.text).toBe('AB');
  });

  it('shows two tabs without a network what is written in either, and counts it in both', async () => {
    const a = await open();
    const b = await open();
    await connected(a);
    await connected(b);
    await cutCable();
    type(a, 'from a ');
    await settled(() => textOf(b) === 'from a ');
    expect(b.state.get()).toMatchObject({ pending: 1, keptHere: true });
    type(b, 'from b', 7);
    await settled(() => textOf(a) === 'from a from b');

    // Whoever is back first sends what both wrote, and nothing is there twice when the other is back.
    await a.close();
    lab.online = true;
    b.wake();
    await settled(() => kind(b) === 'saved');
    expect(lab.server.text).toBe('from a from b');
    const again = await open();
    await connected(again);
    await settled(() => again.state.get().pending === 0);
    expect(lab.server.text).toBe('from a from b');
  });

  it('lets a tab that loses the network later see what another wrote meanwhile', async () => {
    const cut = { online: true };
    const ticket = { ticket: 't', epoch: lab.server.epoch };
    const a = await open({ getTicket: () => (cut.online ? Promise.resolve(ticket) : Promise.reject(new TypeError('no network'))) });
    await connected(a);
    cut.online = false;
    lab.server.socket.end(1006);
    const b = await open();
    await connected(b);
    type(a, 'alone ');
    await settled(() => a.state.get().keptHere);
    // While the server can be heard, only what it has stored is shown.
    expect(textOf(b)).toBe('');
    await cutCable();
    await settled(() => textOf(b) === 'alone ');
  });

  it('keeps what another tab wrote as a draft when the right to write is gone', async () => {
    const a = await open();
    const b = await open({ mayWrite: () => Promise.resolve(false) });
    await connected(a);
    await connected(b);
    await cutCable();
    type(a, 'never accepted');
    await settled(() => textOf(b) === 'never accepted');
    await a.close();
    lab.online = true;
    lab.server.holdMarkers = true;
    b.wake();
    await settled(() => lab.server.sockets.size === 1);
    lab.server.socket.end(4403);
    await settled(() => kind(b) === 'readonly');
    expect(b.drafts.list.get()).toMatchObject([{ text: 'never accepted', changes: 1 }]);
  });

  it('says reconnecting first and offline when it lasts', async () => {
    const session = await open();
    await connected(session);
    let refused = true;
    vi.spyOn(lab.server, 'connect').mockImplementation(() => {
      if (refused) throw new Error('unexpected');
      return FakeServer.prototype.connect.call(lab.server);
    });
    refused = false;
    lab.server.socket.end(1006);
    expect(kind(session)).toBe('reconnecting');
    lab.online = false;
    await vi.advanceTimersByTimeAsync(9_000);
    expect(kind(session)).toBe('offline');
  });

  it('notices a connection that died in silence', async () => {
    const session = await open();
    await connected(session);
    lab.server.silent = true;
    await vi.advanceTimersByTimeAsync(46_000);
    expect(lab.server.opened).toBeGreaterThan(1);
    expect(kind(session)).not.toBe('live');
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
    lab.server.rebuild('new text');
    for (const socket of [...lab.server.sockets]) socket.end(4409);
    await settled(() => textOf(a) === 'new text' && textOf(b) === 'new text');
    type(a, 'A', 0);
    await settled(() => textOf(b) === 'Anew text' && kind(a) === 'saved');
    await a.close();
    await b.close();
    lab.online = false;
    const later = await open();
    expect(textOf(later)).toBe('Anew text');
    expect(later.ready.get()).toBe(true);
  });

  it('settle only what they knew of each other', async () => {
    // As in a browser where tabs cannot talk.
    vi.stubGlobal('BroadcastChannel', undefined);
    const a = await open();
    await connected(a);
    await cutCable();
    type(a, 'from a');
    await settled(() => a.state.get().keptHere);
    const b = await open();
    expect(b.state.get().pending).toBe(1);
    type(a, ' and more', 6);
    await settled(() => a.state.get().keptHere);
    lab.online = true;
    b.wake();
    await settled(() => kind(b) === 'saved');
    expect(lab.server.text).toBe('from a');
    await b.close();
    lab.online = false;
    const c = await open();
    expect(c.state.get().pending).toBe(2);
    expect(textOf(c)).toBe('from a and more');
  });
});
