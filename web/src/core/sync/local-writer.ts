/**
 * Queues what must reach the local copy. My own changes go within a few milliseconds, those of others within half a
 * second (the server has them anyway), always in the order in which they came.
 */
import type { CopyKey, LocalStore } from './local-store';

const OWN_AFTER_MS = 20;
const OTHERS_AFTER_MS = 500;
const RETRY_AFTER_MS = 5_000;

export class LocalWriter {
  readonly #store: LocalStore | null;
  readonly #key: CopyKey;
  readonly #client: number;
  readonly #changed: () => void;
  #queue: Uint8Array[] = [];
  #pending = 0;
  #storedPending = 0;
  #ownQueued = false;
  #ownUnderWay = false;
  #failed = false;
  #closed = false;
  #timer: { at: number; id: ReturnType<typeof setTimeout> } | null = null;
  #writing: Promise<void> = Promise.resolve();

  /** @param changed called when `keptHere` may have changed */
  constructor(store: LocalStore | null, key: CopyKey, client: number, changed: () => void) {
    this.#store = store;
    this.#key = key;
    this.#client = client;
    this.#changed = changed;
  }

  /** Whether everything of mine is stored in this browser; what is being stored is not yet. */
  get keptHere(): boolean {
    return this.#store !== null && !this.#failed && !this.#ownQueued && !this.#ownUnderWay;
  }

  add(update: Uint8Array, own: boolean): void {
    this.#queue.push(update);
    this.#ownQueued ||= own;
    this.#schedule(own ? OWN_AFTER_MS : OTHERS_AFTER_MS);
  }

  /** How many of this client's changes are unacknowledged; stored together with the next updates. */
  setPending(count: number): void {
    this.#pending = count;
    if (count !== this.#storedPending) this.#schedule(OTHERS_AFTER_MS);
  }

  flush(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer.id);
    this.#timer = null;
    this.#writing = this.#writing.then(() => this.#write());
    return this.#writing;
  }

  /** Stops writing: the copy is about to be removed. */
  discard(): Promise<void> {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer.id);
    return this.#writing;
  }

  #schedule(delay: number): void {
    if (this.#store === null || this.#closed) return;
    const at = Date.now() + delay;
    if (this.#timer !== null) {
      if (this.#timer.at <= at) return;
      clearTimeout(this.#timer.id);
    }
    this.#timer = { at, id: setTimeout(() => void this.flush(), delay) };
  }

  async #write(): Promise<void> {
    if (this.#store === null || this.#closed) return;
    const batch = this.#queue;
    const count = this.#pending;
    if (batch.length === 0 && count === this.#storedPending) return;
    this.#queue = [];
    this.#ownUnderWay = this.#ownQueued;
    this.#ownQueued = false;
    try {
      await this.#store.append(this.#key, batch, { client: this.#client, count });
      this.#storedPending = count;
      this.#failed = false;
    } catch {
      // Out of space, most likely. The changes live on in this page and the warning on leaving stands.
      this.#queue = [...batch, ...this.#queue];
      this.#failed = true;
      this.#schedule(RETRY_AFTER_MS);
    }
    this.#ownUnderWay = false;
    this.#changed();
  }
}
