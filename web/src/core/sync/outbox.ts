/**
 * Merges what goes out: text changes to at most one frame in 20 ms, cursor moves to one in 40 ms. The first of a burst
 * goes at once, so that a single keystroke waits for nothing.
 */
import { encodeAwarenessUpdate, type Awareness } from 'y-protocols/awareness';
import * as Y from 'yjs';
import { encodeAwareness, encodeUpdate } from './protocol';

const TEXT_MS = 20;
const AWARENESS_MS = 40;

export class Outbox {
  readonly #send: (frame: Uint8Array<ArrayBuffer>) => void;
  readonly #flushed: () => void;
  #updates: Uint8Array[] = [];
  #textTimer: ReturnType<typeof setTimeout> | undefined;
  #textAt = 0;
  #awarenessTimer: ReturnType<typeof setTimeout> | undefined;
  #awarenessAt = 0;

  /** @param flushed called after text changes were handed to the socket */
  constructor(send: (frame: Uint8Array<ArrayBuffer>) => void, flushed: () => void) {
    this.#send = send;
    this.#flushed = flushed;
  }

  push(update: Uint8Array): void {
    this.#updates.push(update);
    if (this.#textTimer !== undefined || this.#updates.length > 1) return;
    const wait = this.#textAt + TEXT_MS - Date.now();
    if (wait > 0) this.#textTimer = setTimeout(() => this.flush(), wait);
    // After the command that is under way, which may consist of several changes.
    else queueMicrotask(() => this.flush());
  }

  flush(): void {
    clearTimeout(this.#textTimer);
    this.#textTimer = undefined;
    const [first] = this.#updates;
    if (first === undefined) return;
    const merged = this.#updates.length === 1 ? first : Y.mergeUpdates(this.#updates);
    this.#updates = [];
    this.#textAt = Date.now();
    this.#send(encodeUpdate(merged));
    this.#flushed();
  }

  /** Forgets what was queued: the sync exchange of the next connection carries it. */
  clear(): void {
    clearTimeout(this.#textTimer);
    clearTimeout(this.#awarenessTimer);
    this.#textTimer = this.#awarenessTimer = undefined;
    this.#updates = [];
  }

  presence(awareness: Awareness): void {
    if (this.#awarenessTimer !== undefined) return;
    const wait = Math.max(0, this.#awarenessAt + AWARENESS_MS - Date.now());
    if (wait === 0) this.presenceNow(awareness);
    else this.#awarenessTimer = setTimeout(() => this.presenceNow(awareness), wait);
  }

  presenceNow(awareness: Awareness): void {
    clearTimeout(this.#awarenessTimer);
    this.#awarenessTimer = undefined;
    this.#awarenessAt = Date.now();
    this.#send(encodeAwareness(encodeAwarenessUpdate(awareness, [awareness.clientID])));
  }
}
