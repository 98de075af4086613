/** The little of IndexedDB that the local copies need, as promises. */

/** The caller names what it stored: IndexedDB itself does not know. */
export function request<T>(from: IDBRequest): Promise<T> {
  return new Promise((resolve, reject) => {
    from.onsuccess = () => resolve(from.result as T);
    from.onerror = () => reject(from.error ?? new Error('IndexedDB request failed'));
  });
}

/** Resolves once the transaction is committed: only then is anything stored. */
export function committed(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error ?? new Error('IndexedDB transaction aborted'));
  });
}

export function openDatabase(
  name: string,
  version: number,
  upgrade: (database: IDBDatabase) => void,
): Promise<IDBDatabase> {
  const opening = indexedDB.open(name, version);
  opening.onupgradeneeded = () => upgrade(opening.result);
  return new Promise((resolve, reject) => {
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error ?? new Error('IndexedDB did not open'));
    // Another tab holds an older version open: work without a local copy rather than hang.
    opening.onblocked = () => reject(new Error('IndexedDB is blocked by another tab'));
  });
}
