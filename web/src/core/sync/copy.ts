/**
 * This session's side of the local copy: which epoch it is of, what is written to it, what earlier pages left, and the
 * other tabs that hold it.
 */
import type { CopyKey, DocumentInfo, LocalCopy, LocalStore, PendingRow } from './local-store';
import { LocalWriter } from './local-writer';
import { Siblings, type SiblingEvents } from './siblings';

export class Copy {
  readonly #user: string;
  readonly #document: string;
  readonly #changed: () => void;
  readonly #siblings: Siblings;
  #store: LocalStore | null = null;
  #key: CopyKey | null = null;
  #writer: LocalWriter | null = null;
  /** Rows of pages that went without hearing back; settled with the first acknowledgement of this one. */
  #inherited: readonly PendingRow[] = [];

  /** @param changed called when `keptHere` may have changed */
  constructor(user: string, document: string, changed: () => void, events: SiblingEvents) {
    this.#user = user;
    this.#document = document;
    this.#changed = changed;
    this.#siblings = new Siblings(events);
  }

  get keptHere(): boolean {
    return this.#writer?.keptHere ?? false;
  }

  async open(store: LocalStore | null): Promise<LocalCopy | null> {
    this.#store = store;
    return (await store?.find(this.#user, this.#document).catch(() => null)) ?? null;
  }

  /** Writes from now on to the copy of `epoch`, as the Yjs client `client`. */
  start(epoch: string, client: number, info: DocumentInfo | null, inherited: readonly PendingRow[] = []): void {
    this.#key = { user: this.#user, document: this.#document, epoch };
    this.#inherited = inherited;
    this.#writer = new LocalWriter(this.#store, this.#key, client, this.#changed);
    this.#siblings.join(this.#key);
    this.remember(info);
  }

  remember(info: DocumentInfo | null): void {
    if (this.#key) void this.#store?.remember(this.#key, info).catch(() => undefined);
  }

  add(update: Uint8Array, own: boolean): void {
    this.#writer?.add(update, own);
  }

  /** Asks other tabs for what a text of this state vector lacks. */
  ask(vector: Uint8Array): void {
    this.#siblings.ask(vector);
  }

  /** Tells other tabs of a change that the server cannot bring them now. */
  tell(update: Uint8Array): void {
    this.#siblings.tell(update);
  }

  setPending(count: number): void {
    this.#writer?.setPending(count);
  }

  /** Everything this page knew has been acknowledged, what it inherited included. */
  settle(): void {
    const rows = this.#inherited;
    this.#inherited = [];
    if (this.#key) void this.#store?.settle(this.#key, rows).catch(() => undefined);
  }

  async flush(): Promise<void> {
    await this.#writer?.flush();
  }

  async close(): Promise<void> {
    this.#siblings.leave();
    await this.flush();
  }

  /** Writes under another client id, because the document in this page was made anew. */
  handOver(client: number, ownPending: number, before: number): void {
    if (!this.#key) return;
    void this.flush();
    this.#inherited = [...this.#inherited, { client: before, count: ownPending }];
    this.#writer = new LocalWriter(this.#store, this.#key, client, this.#changed);
  }

  /** Stops writing and removes the copy: that of its epoch, or everything there is of the document. */
  async forget(everything: boolean): Promise<void> {
    const writer = this.#writer;
    const epoch = this.#key?.epoch ?? null;
    this.#writer = null;
    this.#key = null;
    this.#inherited = [];
    this.#siblings.leave();
    await writer?.discard();
    await this.#store?.forget(this.#user, this.#document, everything ? null : epoch).catch(() => undefined);
  }

  async trim(): Promise<void> {
    await this.#store?.trim(this.#user).catch(() => undefined);
  }
}
