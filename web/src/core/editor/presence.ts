/** Where the others are: kept as plain offsets in the editor's state, so that a keystroke maps them and computes nothing. */
import { StateEffect, StateField, type Extension } from '@codemirror/state';
import { ViewPlugin, type EditorView, type ViewUpdate } from '@codemirror/view';
import type { Awareness } from 'y-protocols/awareness';
import * as Y from 'yjs';

export interface Peer {
  readonly client: number;
  readonly userId: string;
  readonly name: string;
  readonly anchor: number;
  readonly head: number;
  /** Rises when the peer moved by themselves, and not when text before them did. */
  readonly moves: number;
}

interface AwarenessState {
  user?: { id?: unknown; name?: unknown };
  cursor?: { anchor?: unknown; head?: unknown } | null;
}

type Moves = ReadonlyMap<number, Peer | null>;

const movePeers = StateEffect.define<Moves>();

export const peersField = StateField.define<ReadonlyMap<number, Peer>>({
  create: () => new Map(),
  update(peers, transaction) {
    let next = peers;
    if (transaction.docChanged && peers.size > 0) {
      // A peer who types stays behind what they typed; what I type at the same place goes before them.
      const side = transaction.isUserEvent('input') || transaction.isUserEvent('delete') ? -1 : 1;
      const at = (pos: number) => transaction.changes.mapPos(pos, side);
      next = new Map([...peers].map(([id, peer]) => [id, { ...peer, anchor: at(peer.anchor), head: at(peer.head) }]));
    }
    for (const effect of transaction.effects) {
      if (!effect.is(movePeers)) continue;
      const moved = new Map(next);
      for (const [client, peer] of effect.value) {
        if (peer) moved.set(client, peer);
        else moved.delete(client);
      }
      next = moved;
    }
    return next;
  },
});

const NAME_LENGTH = 32;

const asText = (value: unknown) => (typeof value === 'string' ? value : '');

class PresencePlugin {
  readonly #view: EditorView;
  readonly #awareness: Awareness;
  readonly #text: Y.Text;
  /** Cursors that point at text which has not arrived yet: presence is faster than the disk. */
  #waiting = new Set<number>();
  #sent = '';
  #closed = false;

  constructor(view: EditorView, awareness: Awareness, text: Y.Text) {
    this.#view = view;
    this.#awareness = awareness;
    this.#text = text;
    awareness.on('change', this.#onChange);
    const known = [...awareness.getStates().keys()];
    // The first transaction has to wait until the view stands.
    queueMicrotask(() => this.#move(known));
  }

  update(update: ViewUpdate): void {
    if (update.selectionSet || update.focusChanged || update.docChanged) this.#publish();
    if (update.docChanged && this.#waiting.size > 0) {
      const waiting = [...this.#waiting];
      queueMicrotask(() => this.#move(waiting));
    }
  }

  destroy(): void {
    this.#closed = true;
    this.#awareness.off('change', this.#onChange);
    if (this.#awareness.getLocalState()) this.#awareness.setLocalStateField('cursor', null);
  }

  readonly #onChange = (change: { added: number[]; updated: number[]; removed: number[] }, origin: unknown): void => {
    if (origin !== 'local') this.#move([...change.added, ...change.updated, ...change.removed]);
  };

  #move(clients: readonly number[]): void {
    if (this.#closed) return;
    const moves = new Map<number, Peer | null>();
    for (const client of clients) {
      if (client !== this.#awareness.clientID) moves.set(client, this.#locate(client));
    }
    if (moves.size > 0) this.#view.dispatch({ effects: movePeers.of(moves) });
  }

  #locate(client: number): Peer | null {
    const state = this.#awareness.getStates().get(client) as AwarenessState | undefined;
    this.#waiting.delete(client);
    if (!state?.cursor) return null;
    const anchor = this.#offset(state.cursor.anchor);
    const head = this.#offset(state.cursor.head);
    if (anchor === null || head === null) {
      this.#waiting.add(client);
      return this.#view.state.field(peersField).get(client) ?? null;
    }
    const name = asText(state.user?.name).slice(0, NAME_LENGTH);
    const moves = (this.#view.state.field(peersField).get(client)?.moves ?? 0) + 1;
    return { client, userId: asText(state.user?.id), name, anchor, head, moves };
  }

  /** Whatever a peer sends as a position, this gives an offset inside the document or null. */
  #offset(json: unknown): number | null {
    const { doc } = this.#text;
    if (!doc || typeof json !== 'object' || json === null) return null;
    try {
      const relative = Y.createRelativePositionFromJSON(json);
      const absolute = Y.createAbsolutePositionFromRelativePosition(relative, doc);
      if (absolute?.type !== this.#text) return null;
      return Math.min(absolute.index, this.#view.state.doc.length);
    } catch {
      return null;
    }
  }

  #publish(): void {
    if (!this.#view.hasFocus || !this.#awareness.getLocalState()) return;
    const { anchor, head } = this.#view.state.selection.main;
    const cursor = {
      anchor: Y.createRelativePositionFromTypeIndex(this.#text, anchor),
      head: Y.createRelativePositionFromTypeIndex(this.#text, head),
    };
    const json = JSON.stringify(cursor);
    if (json === this.#sent) return;
    this.#sent = json;
    this.#awareness.setLocalStateField('cursor', JSON.parse(json) as typeof cursor);
  }
}

/** Publishes my cursor and follows those of others. Must stand after the binding that carries changes into the text. */
export function presence(awareness: Awareness, text: Y.Text): Extension {
  return [peersField, ViewPlugin.define((view) => new PresencePlugin(view, awareness, text))];
}
