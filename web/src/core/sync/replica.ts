/** One epoch's copy of a document in this page: the Yjs document, who is here, and what can be undone. */
import { Awareness, removeAwarenessStates } from 'y-protocols/awareness';
import * as Y from 'yjs';

/** The name that the server and every other client use for the text. */
const TEXT_NAME = 'content';

/** Transaction origins: changes that did not start in this page. */
export const FROM_SERVER = Symbol('from the server');
export const FROM_STORE = Symbol('from the local copy');
export const FROM_SIBLING = Symbol('from another tab');

export class Replica {
  readonly doc = new Y.Doc();
  readonly text = this.doc.getText(TEXT_NAME);
  readonly awareness = new Awareness(this.doc);
  /** Lives here and not in the editor, so that changing the view keeps what can be undone. */
  readonly undo = new Y.UndoManager(this.text, { trackedOrigins: new Set() });
  /** Null until the server named it. */
  epoch: string | null;

  constructor(epoch: string | null) {
    this.epoch = epoch;
  }

  /** Whether nothing is missing: a copy that lost its beginning holds changes that wait for it. */
  get isWhole(): boolean {
    return this.doc.store.pendingStructs === null && this.doc.store.pendingDs === null;
  }

  /** Everybody else counts as gone while nobody can be heard. */
  forgetOthers(): void {
    const others = [...this.awareness.getStates().keys()].filter((client) => client !== this.doc.clientID);
    removeAwarenessStates(this.awareness, others, FROM_SERVER);
  }

  destroy(): void {
    this.undo.destroy();
    this.awareness.destroy();
    this.doc.destroy();
  }
}
