import { describe, expect, it } from 'vitest';
import { connected, kind, lab, open, settled, textOf, type, setUpLab } from './session-lab';

setUpLab();

describe('saving', () => {
  it('is live without changes, saving until the echo, and saved after it', async () => {
    const session = await open();
    await connected(session);
    expect(kind(session)).toBe('live');
    lab.server.holdMarkers = true;
    type(session, 'hello');
    expect(session.state.get()).toMatchObject({ kind: 'saving', pending: 1 });
    await settled(() => lab.server.text === 'hello');
    expect(kind(session)).toBe('saving');
    lab.server.releaseMarkers();
    await settled(() => kind(session) === 'saved');
    expect(session.state.get().pending).toBe(0);
  });

  it('does not call a change saved that was made after the marker went out', async () => {
    const session = await open();
    await connected(session);
    lab.server.holdMarkers = true;
    type(session, 'a');
    await settled(() => lab.server.text === 'a');
    type(session, 'b', 1);
    lab.server.holdMarkers = false;
    lab.server.releaseMarkers();
    expect(session.state.get()).toMatchObject({ kind: 'saved', pending: 0 });
    expect(lab.server.text).toBe('ab');
  });

  it('merges what is typed within 20 ms into one frame', async () => {
    const session = await open();
    await connected(session);
    lab.server.seen.length = 0;
    for (let i = 0; i < 5; i += 1) type(session, 'x', i);
    await settled(() => kind(session) === 'saved');
    expect(lab.server.seen.filter((frame) => frame.kind === 'update')).toHaveLength(1);
    expect(lab.server.seen.filter((frame) => frame.kind === 'marker')).toHaveLength(1);
  });

  it('shows the changes of others', async () => {
    const session = await open();
    await connected(session);
    lab.server.insert(0, 'from afar');
    expect(textOf(session)).toBe('from afar');
    expect(session.state.get().pending).toBe(0);
  });
});

describe('presence', () => {
  it('forgets the others when the connection is gone', async () => {
    const a = await open();
    await connected(a);
    const { awareness } = a.replica.get();
    awareness.states.set(77, { user: { name: 'Bob' } });
    awareness.meta.set(77, { clock: 1, lastUpdated: Date.now() });
    lab.server.socket.end(1006);
    expect([...awareness.getStates().keys()]).toEqual([awareness.clientID]);
  });
});
