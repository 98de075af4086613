/**
 * Documents kept in this browser, so that they open before the network and outlive a reload.
 *
 * Our own and not y-indexeddb, for two promises that one cannot give: a change and the note that it is still
 * unacknowledged are stored in one transaction, and the caller learns whether storing worked (a full disk or a private
 * window refuses), which "kept here" and the warning on leaving depend on.
 *
 * Several tabs share the database. Each writes its own updates and its own pending row, keyed by its Yjs client id.
 */
import * as Y from 'yjs';
import { committed, openDatabase, request } from './idb';

const DATABASE = 'mdreader-documents';
const VERSION = 1;
const MERGE_ABOVE_ROWS = 64;
const KEEP_DOCUMENTS = 60;

/** What must be known about a document to show it without the network. */
export interface DocumentInfo {
  readonly id: string;
  readonly workspace_id: string;
  readonly path: string;
  readonly title: string;
  readonly role: string;
}

export interface CopyKey {
  readonly user: string;
  readonly document: string;
  readonly epoch: string;
}

export interface PendingRow {
  readonly client: number;
  readonly count: number;
}

export interface LocalCopy {
  readonly epoch: string;
  readonly info: DocumentInfo | null;
  /** One update that holds all that is stored; null when nothing is. */
  readonly update: Uint8Array | null;
  readonly pending: readonly PendingRow[];
}

/** Text that could not be merged any more and waits for its writer to copy it. */
export interface Draft {
  readonly id: number;
  readonly path: string;
  readonly text: string;
  readonly changes: number;
  readonly at: number;
}

interface DocumentRow {
  user: string;
  document: string;
  epoch: string;
  info: DocumentInfo | null;
  openedAt: number;
}

interface UpdateRow {
  copy: string;
  update: Uint8Array;
}

const copyName = ({ user, document, epoch }: CopyKey) => `${user}/${document}/${epoch}`;
const allOf = (user: string, document: string) => IDBKeyRange.bound(`${user}/${document}/`, `${user}/${document}/\uffff`);

export class LocalStore {
  readonly #database: IDBDatabase;

  private constructor(database: IDBDatabase) {
    this.#database = database;
    // A newer page wants to change the layout: let it.
    database.onversionchange = () => database.close();
  }

  /** Null when this browser does not let us store anything. */
  static async open(name = DATABASE): Promise<LocalStore | null> {
    try {
      return new LocalStore(await openDatabase(name, VERSION, createStores));
    } catch {
      return null;
    }
  }

  close(): void {
    this.#database.close();
  }

  async find(user: string, document: string): Promise<LocalCopy | null> {
    const transaction = this.#database.transaction(['documents', 'updates', 'pending'], 'readonly');
    const row = await request<DocumentRow | undefined>(transaction.objectStore('documents').get([user, document]));
    if (!row) return null;
    const copy = copyName({ user, document, epoch: row.epoch });
    const [rows, pending] = await Promise.all([
      request<UpdateRow[]>(transaction.objectStore('updates').index('copy').getAll(copy)),
      request<(PendingRow & { copy: string })[]>(transaction.objectStore('pending').index('copy').getAll(copy)),
    ]);
    if (rows.length > MERGE_ABOVE_ROWS) void this.#compact(copy).catch(() => undefined);
    const update = rows.length === 0 ? null : Y.mergeUpdates(rows.map((one) => one.update));
    return { epoch: row.epoch, info: row.info, update, pending: pending.map(({ client, count }) => ({ client, count })) };
  }

  /** Notes that the document was opened and under which epoch its copy lives. */
  async remember(key: CopyKey, info: DocumentInfo | null): Promise<void> {
    const transaction = this.#database.transaction('documents', 'readwrite');
    const store = transaction.objectStore('documents');
    const before = await request<DocumentRow | undefined>(store.get([key.user, key.document]));
    const row: DocumentRow = {
      user: key.user,
      document: key.document,
      epoch: key.epoch,
      info: info ?? before?.info ?? null,
      openedAt: Date.now(),
    };
    store.put(row);
    await committed(transaction);
  }

  /** Stores updates together with what is still unacknowledged of this client, all or nothing. */
  async append(key: CopyKey, updates: readonly Uint8Array[], pending: PendingRow): Promise<void> {
    const transaction = this.#database.transaction(['updates', 'pending'], 'readwrite');
    const copy = copyName(key);
    if (updates.length > 0) transaction.objectStore('updates').add({ copy, update: Y.mergeUpdates([...updates]) });
    const store = transaction.objectStore('pending');
    if (pending.count > 0) store.put({ copy, ...pending });
    else store.delete([copy, pending.client]);
    await committed(transaction);
  }

  /** Drops pending rows of earlier pages, but not those that a living tab has moved on since they were read. */
  async settle(key: CopyKey, rows: readonly PendingRow[]): Promise<void> {
    if (rows.length === 0) return;
    const transaction = this.#database.transaction('pending', 'readwrite');
    const store = transaction.objectStore('pending');
    const copy = copyName(key);
    for (const { client, count } of rows) {
      const now = await request<PendingRow | undefined>(store.get([copy, client]));
      if (now?.count === count) store.delete([copy, client]);
    }
    await committed(transaction);
  }

  /** Removes the copy of one epoch, or of all when none is named. Drafts stay. */
  async forget(user: string, document: string, epoch: string | null = null): Promise<void> {
    const transaction = this.#database.transaction(['documents', 'updates', 'pending'], 'readwrite');
    const documents = transaction.objectStore('documents');
    const row = await request<DocumentRow | undefined>(documents.get([user, document]));
    // Another tab may have started the next epoch's copy already.
    if (epoch === null || row?.epoch === epoch) documents.delete([user, document]);
    const copies = epoch === null ? allOf(user, document) : IDBKeyRange.only(copyName({ user, document, epoch }));
    await deleteByIndex(transaction.objectStore('updates'), copies);
    await deleteByIndex(transaction.objectStore('pending'), copies);
    await committed(transaction);
  }

  /** Keeps the most recently opened documents of the user; a document with unacknowledged changes is never dropped. */
  async trim(user: string, keep = KEEP_DOCUMENTS): Promise<void> {
    const transaction = this.#database.transaction(['documents', 'pending'], 'readonly');
    const rows = await request<DocumentRow[]>(
      transaction.objectStore('documents').getAll(IDBKeyRange.bound([user, ''], [user, '\uffff'])),
    );
    const pending = await request<{ copy: string }[]>(transaction.objectStore('pending').getAll());
    const unsaved = new Set(pending.map((row) => row.copy));
    const surplus = rows
      .filter((row) => !unsaved.has(copyName(row)))
      .sort((a, b) => b.openedAt - a.openedAt)
      .slice(keep);
    for (const row of surplus) await this.forget(user, row.document);
  }

  async addDraft(user: string, document: string, draft: Omit<Draft, 'id'>): Promise<void> {
    const transaction = this.#database.transaction('drafts', 'readwrite');
    transaction.objectStore('drafts').add({ ...draft, owner: `${user}/${document}` });
    await committed(transaction);
  }

  async drafts(user: string, document: string): Promise<Draft[]> {
    const transaction = this.#database.transaction('drafts', 'readonly');
    return request<Draft[]>(transaction.objectStore('drafts').index('owner').getAll(`${user}/${document}`));
  }

  async removeDraft(id: number): Promise<void> {
    const transaction = this.#database.transaction('drafts', 'readwrite');
    transaction.objectStore('drafts').delete(id);
    await committed(transaction);
  }

  async #compact(copy: string): Promise<void> {
    const transaction = this.#database.transaction('updates', 'readwrite');
    const store = transaction.objectStore('updates');
    const [keys, rows] = await Promise.all([
      request<IDBValidKey[]>(store.index('copy').getAllKeys(copy)),
      request<UpdateRow[]>(store.index('copy').getAll(copy)),
    ]);
    for (const key of keys) store.delete(key);
    // mergeUpdates keeps what waits for a missing predecessor; encoding a Y.Doc would drop it.
    store.add({ copy, update: Y.mergeUpdates(rows.map((row) => row.update)) });
    await committed(transaction);
  }
}

function createStores(database: IDBDatabase): void {
  database.createObjectStore('documents', { keyPath: ['user', 'document'] });
  database.createObjectStore('updates', { autoIncrement: true }).createIndex('copy', 'copy');
  database.createObjectStore('pending', { keyPath: ['copy', 'client'] }).createIndex('copy', 'copy');
  database.createObjectStore('drafts', { keyPath: 'id', autoIncrement: true }).createIndex('owner', 'owner');
}

function deleteByIndex(store: IDBObjectStore, range: IDBKeyRange): Promise<void> {
  return new Promise((resolve, reject) => {
    const opening = store.index('copy').openCursor(range);
    opening.onerror = () => reject(opening.error ?? new Error('IndexedDB cursor failed'));
    opening.onsuccess = () => {
      const cursor = opening.result;
      if (!cursor) {
        resolve();
        return;
      }
      cursor.delete();
      cursor.continue();
    };
  });
}

let shared: Promise<LocalStore | null> | null = null;

/** The page's one store. */
export const openLocalStore = (): Promise<LocalStore | null> => (shared ??= LocalStore.open());
