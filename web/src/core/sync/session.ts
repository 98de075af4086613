/**
 * A document as this page holds it: opens from the local copy, keeps it in step with the server, and says truthfully
 * what is saved. Lives outside React; components subscribe to its observables.
 */
import { applyAwarenessUpdate } from 'y-protocols/awareness';
import * as Y from 'yjs';
import type { CloseDecision, ErrorKind } from './close';
import { Connection, type Ticket } from './connection';
import { Copy } from './copy';
import { Drafts } from './drafts';
import { Ledger } from './ledger';
import type { DocumentInfo, LocalStore } from './local-store';
import { Observable, sameFields } from './observable';
import { Outbox } from './outbox';
import { decodeFrame, encodeMarker, encodeStep1, encodeStep2, type Frame } from './protocol';
import { FROM_SERVER, FROM_SIBLING, FROM_STORE, Replica } from './replica';
import { deriveState, OFFLINE_AFTER_MS, type SyncState } from './state';

export interface SessionOptions {
  readonly user: { readonly id: string; readonly name: string };
  readonly documentId: string;
  readonly store: Promise<LocalStore | null>;
  getTicket: () => Promise<Ticket>;
  openSocket: (ticket: Ticket) => WebSocket;
  /** Asks the server whether I may write; null when I may not even read. Throws without a network. */
  mayWrite: () => Promise<boolean | null>;
  isOnline: () => boolean;
}

/** Refusals in a row, with the right to write confirmed each time, after which we stop asking. */
const MAX_RECHECKS = 2;
const RECHECK_AFTER_MS = 3_000;

export class DocumentSession {
  readonly documentId: string;
  readonly state: Observable<SyncState>;
  readonly replica: Observable<Replica>;
  readonly ready = new Observable(false);
  readonly writable = new Observable(false);
  readonly info = new Observable<DocumentInfo | null>(null);
  readonly drafts: Drafts;

  readonly #options: SessionOptions;
  readonly #connection: Connection;
  readonly #outbox: Outbox;
  readonly #copy: Copy;
  #ledger = new Ledger();
  #answeredStep1 = false;
  #gotStep2 = false;
  #everSaved = false;
  #error: ErrorKind | null = null;
  #address: string | null = null;
  #stopped = false;
  #downSince = Date.now();
  #rechecks = 0;
  #offlineTimer: ReturnType<typeof setTimeout> | undefined;
  #recheckTimer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.documentId = options.documentId;
    this.drafts = new Drafts(options.user.id, options.documentId);
    this.#copy = new Copy(options.user.id, options.documentId, () => this.refresh(), {
      missing: (vector) => (this.#synced ? null : Y.encodeStateAsUpdate(this.replica.get().doc, vector)),
      // What the server brings is on its disk; from another tab it is taken only while nothing comes from there.
      apply: (update) => !this.#synced && Y.applyUpdate(this.replica.get().doc, update, FROM_SIBLING),
    });
    this.replica = new Observable(new Replica(null));
    this.state = new Observable(this.#derive(), sameFields);
    this.#connection = new Connection({
      getTicket: options.getTicket,
      openSocket: options.openSocket,
      events: {
        admit: (epoch) => this.#admit(epoch),
        opened: () => this.#opened(),
        frame: (data) => this.#frame(data),
        closed: (decision) => void this.#ended(decision),
      },
    });
    this.#outbox = new Outbox(
      (frame) => this.#connection.send(frame),
      () => this.#sendMarker(),
    );
    this.#listen(this.replica.get());
  }

  async open(): Promise<void> {
    const store = await this.#options.store;
    const copy = await this.#copy.open(store);
    await this.drafts.load(store);
    if (this.#closed) return;
    if (copy) {
      const replica = this.replica.get();
      replica.epoch = copy.epoch;
      if (copy.update) Y.applyUpdate(replica.doc, copy.update, FROM_STORE);
      this.#ledger.inherit(copy.pending.reduce((sum, row) => sum + row.count, 0));
      this.#copy.start(copy.epoch, replica.doc.clientID, null, copy.pending);
      if (copy.info) this.info.set(copy.info);
      if (copy.update && replica.isWhole) this.ready.set(true);
    }
    this.#waitForOffline();
    this.refresh();
    this.#connection.start();
    void this.#copy.trim();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#offlineTimer);
    clearTimeout(this.#recheckTimer);
    this.flush();
    const replica = this.replica.get();
    replica.awareness.setLocalState(null);
    this.#outbox.presenceNow(replica.awareness);
    this.#connection.stop();
    this.#outbox.clear();
    await this.#copy.close();
    replica.destroy();
  }

  /** Hands everything queued to the socket and to the local copy now, because the page may be about to go. */
  flush(): void {
    this.#outbox.flush();
    void this.#copy.flush();
  }

  setWritable(writable: boolean): void {
    this.writable.set(writable);
    this.refresh();
  }

  setInfo(info: DocumentInfo): void {
    this.info.set(info);
    this.#copy.remember(info);
  }

  /** Whether leaving now would lose something: neither acknowledged nor stored in this browser. */
  get wouldLose(): boolean {
    const { pending, keptHere } = this.state.get();
    return pending > 0 && !keptHere;
  }

  /** The network came back, the page became visible, or somebody pressed "Try again". */
  wake(): void {
    if (this.#closed) return;
    this.refresh();
    if (this.#stopped && this.#error === 'signed-out') this.retry();
    else this.#connection.wake();
  }

  retry(): void {
    if (this.#error === 'too-large') this.#shedDeleted();
    this.#error = null;
    this.#stopped = false;
    this.#rechecks = 0;
    this.#connection.restart();
    this.refresh();
  }

  /** Keeps my unacknowledged text as a draft, drops the local copy and takes the server's. */
  async startAfresh(): Promise<void> {
    await this.#reset();
    this.retry();
  }

  refresh(): void {
    this.state.set(this.#derive());
  }

  /** Both sides have exchanged what the other lacked, and the socket is open. */
  get #synced(): boolean {
    return this.#answeredStep1 && this.#gotStep2;
  }

  // --- the document -------------------------------------------------------------------------------------------------

  #listen(replica: Replica): void {
    replica.doc.on('update', (update: Uint8Array, origin: unknown) => {
      if (origin === FROM_STORE) return;
      const own = origin !== FROM_SERVER && origin !== FROM_SIBLING;
      this.#copy.add(update, own);
      if (origin === FROM_SERVER) return;
      // Written in another tab it is just as unsent: whoever is back first sends it.
      if (own) this.#ledger.wrote();
      else this.#ledger.inherit(1);
      this.#copy.setPending(this.#ledger.ownPending);
      if (this.#answeredStep1) this.#outbox.push(update);
      else if (own) this.#copy.tell(update);
      this.refresh();
    });
    replica.awareness.on('update', (_change: unknown, origin: unknown) => {
      if (origin === 'local' && this.#connection.isOpen) this.#outbox.presence(replica.awareness);
    });
    replica.awareness.setLocalStateField('user', this.#options.user);
  }

  /** Takes the server's text in place of mine, which is kept as a draft when some of it was never acknowledged. */
  async #reset({ epoch = null, everything = false }: { epoch?: string | null; everything?: boolean } = {}): Promise<void> {
    const old = this.replica.get();
    const kept = this.#keepDraft(old);
    this.#outbox.clear();
    this.#ledger = new Ledger();
    this.ready.set(false);
    const fresh = this.#replaceBy(new Replica(epoch), old);
    await kept;
    await this.#copy.forget(everything);
    if (epoch !== null && this.replica.get() === fresh) this.#copy.start(epoch, fresh.doc.clientID, this.info.get());
    this.refresh();
  }

  /**
   * What can be undone is kept whole even when it was deleted, and would be sent again. A document made anew from the
   * same state holds only what its text needs, at the price of the undo history.
   */
  #shedDeleted(): void {
    const old = this.replica.get();
    const { ownPending, pending } = this.#ledger;
    const fresh = new Replica(old.epoch);
    Y.applyUpdate(fresh.doc, Y.encodeStateAsUpdate(old.doc), FROM_STORE);
    this.#ledger = new Ledger(pending);
    this.#copy.handOver(fresh.doc.clientID, ownPending, old.doc.clientID);
    this.#replaceBy(fresh, old);
  }

  #replaceBy(fresh: Replica, old: Replica): Replica {
    this.#listen(fresh);
    this.replica.set(fresh);
    old.destroy();
    return fresh;
  }

  async #keepDraft(replica: Replica): Promise<void> {
    const changes = this.#ledger.pending;
    if (changes === 0) return;
    await this.drafts.keep({ path: this.info.get()?.path ?? '', text: replica.text.toJSON(), changes, at: Date.now() });
  }

  // --- the connection -----------------------------------------------------------------------------------------------

  #admit(epoch: string): boolean {
    const replica = this.replica.get();
    if (replica.epoch === epoch) return true;
    if (replica.epoch === null) {
      replica.epoch = epoch;
      this.#copy.start(epoch, replica.doc.clientID, this.info.get());
      return true;
    }
    void this.#reset({ epoch }).then(() => this.#connection.restart());
    return false;
  }

  #opened(): void {
    this.#answeredStep1 = this.#gotStep2 = false;
    const { doc, awareness } = this.replica.get();
    this.#connection.send(encodeStep1(Y.encodeStateVector(doc)));
    this.#outbox.presenceNow(awareness);
  }

  #frame(data: Uint8Array): void {
    try {
      this.#apply(decodeFrame(data));
    } catch {
      // A frame we cannot read leaves us out of step: only a fresh exchange puts that right.
      this.#connection.abandon();
    }
    this.refresh();
  }

  #apply(frame: Frame): void {
    const { doc, awareness } = this.replica.get();
    switch (frame.kind) {
      case 'step1':
        if (this.writable.get() || this.#ledger.pending > 0) {
          this.#connection.send(encodeStep2(Y.encodeStateAsUpdate(doc, frame.vector)));
        }
        this.#answeredStep1 = true;
        this.#sendMarker();
        return;
      case 'step2':
        Y.applyUpdate(doc, frame.update, FROM_SERVER);
        this.#gotStep2 = true;
        this.#caughtUp();
        return;
      case 'update':
        Y.applyUpdate(doc, frame.update, FROM_SERVER);
        return;
      case 'awareness':
        applyAwarenessUpdate(awareness, frame.update, FROM_SERVER);
        return;
      case 'query-awareness':
        this.#outbox.presenceNow(awareness);
        return;
      case 'marker':
        this.#acknowledged(frame.value);
        return;
      case 'unknown':
        return;
    }
  }

  #caughtUp(): void {
    this.#rechecks = 0;
    if (this.#ledger.pending === 0) this.#error = null;
    clearTimeout(this.#offlineTimer);
    this.ready.set(true);
  }

  #sendMarker(): void {
    if (!this.#answeredStep1) return;
    const marker = this.#ledger.nextMarker();
    if (marker !== null) this.#connection.send(encodeMarker(marker));
  }

  #acknowledged(marker: number): void {
    if (!this.#ledger.echoed(marker)) return;
    this.#everSaved = true;
    this.#error = null;
    this.#copy.setPending(this.#ledger.ownPending);
    this.#copy.settle();
    // Changes still in the outbox are not covered by a marker sent now.
    this.#outbox.flush();
    this.#sendMarker();
  }

  async #ended(decision: CloseDecision): Promise<void> {
    if (this.#answeredStep1 || this.#gotStep2) this.#downSince = Date.now();
    this.#answeredStep1 = this.#gotStep2 = false;
    this.#outbox.clear();
    this.#ledger.disconnected();
    this.replica.get().forgetOthers();
    this.#waitForOffline();
    switch (decision.action) {
      case 'retry':
        if (decision.error) this.#error = decision.error;
        this.#copy.ask(Y.encodeStateVector(this.replica.get().doc));
        break;
      case 'reset':
        await this.#reset();
        if (!this.#closed) this.#connection.start();
        break;
      case 'recheck-right':
        await this.#recheckRight();
        break;
      case 'stop':
        this.#address = decision.address ?? null;
        await this.#stop(decision.error);
        break;
    }
    this.refresh();
  }

  async #stop(error: ErrorKind): Promise<void> {
    this.#error = error;
    this.#stopped = true;
    this.refresh();
    // What I may no longer see does not stay in this browser; my own unsent text does, as a draft.
    if (error === 'gone' || error === 'no-right' || error === 'elsewhere') await this.#reset({ everything: true });
  }

  async #recheckRight(): Promise<void> {
    let mayWrite: boolean | null;
    try {
      mayWrite = await this.#options.mayWrite();
    } catch {
      this.#recheckTimer = setTimeout(() => this.#connection.start(), RECHECK_AFTER_MS);
      return;
    }
    if (this.#closed) return;
    this.#rechecks += 1;
    if (mayWrite === null || this.#rechecks > MAX_RECHECKS) return this.#stop('no-right');
    if (!mayWrite) {
      this.setWritable(false);
      // Changes that will never be accepted must not stay in the text I am shown.
      if (this.#ledger.pending > 0) await this.#reset();
    }
    this.#connection.start();
  }

  #waitForOffline(): void {
    clearTimeout(this.#offlineTimer);
    this.#offlineTimer = setTimeout(() => this.refresh(), this.#downSince + OFFLINE_AFTER_MS - Date.now() + 1);
  }

  #derive(): SyncState {
    return deriveState({
      ready: this.ready.get(),
      synced: this.#synced,
      online: this.#options.isOnline(),
      downForMs: Date.now() - this.#downSince,
      writable: this.writable.get(),
      pending: this.#ledger.pending,
      everSaved: this.#everSaved,
      keptHere: this.#copy.keptHere,
      error: this.#error,
      address: this.#address,
      stopped: this.#stopped,
    });
  }
}
