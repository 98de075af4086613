/** Following a person: their cursor is kept in view until I scroll, type or click for myself. */
import { StateEffect, StateField, type Extension } from '@codemirror/state';
import { EditorView, ViewPlugin, type ViewUpdate } from '@codemirror/view';
import { peersField } from './presence';

export const follow = StateEffect.define<number | null>();

/** The Yjs client id of the person followed. */
export const followed = StateField.define<number | null>({
  create: () => null,
  update(client, transaction) {
    for (const effect of transaction.effects) if (effect.is(follow)) return effect.value;
    return transaction.isUserEvent('input') || transaction.isUserEvent('delete') ? null : client;
  },
});

const scrollToPeer = ViewPlugin.fromClass(
  class {
    update(update: ViewUpdate): void {
      const client = update.state.field(followed);
      if (client === null) return;
      const peer = update.state.field(peersField).get(client);
      const before = update.startState.field(peersField).get(client);
      const started = update.startState.field(followed) !== client;
      if (!peer || (!started && peer.moves === before?.moves)) return;
      const { view } = update;
      queueMicrotask(() => {
        if (view.state.field(followed) !== client || peer.head > view.state.doc.length) return;
        view.dispatch({ effects: EditorView.scrollIntoView(peer.head, { y: 'center' }) });
      });
    }
  },
);

const stop = (_event: Event, view: EditorView) => {
  if (view.state.field(followed) !== null) view.dispatch({ effects: follow.of(null) });
};

export const following: Extension = [
  followed,
  scrollToPeer,
  // Observers, because a key that a keymap has handled reaches no further handler.
  EditorView.domEventObservers({ wheel: stop, touchmove: stop, mousedown: stop, keydown: stop }),
];
