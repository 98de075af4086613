/**
 * A value that lives outside React. Components read it with `useSyncExternalStore(o.subscribe, o.get)`,
 * so `get` must hand out the same reference until the value really changes.
 */
export class Observable<T> {
  #value: T;
  readonly #listeners = new Set<() => void>();
  readonly #same: (a: T, b: T) => boolean;

  constructor(initial: T, same: (a: T, b: T) => boolean = Object.is) {
    this.#value = initial;
    this.#same = same;
  }

  readonly get = (): T => this.#value;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  set(next: T): void {
    if (this.#same(this.#value, next)) return;
    this.#value = next;
    for (const listener of [...this.#listeners]) listener();
  }
}

/** Compares the own properties of two flat objects. */
export function sameFields<T extends object>(a: T, b: T): boolean {
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]) as Set<keyof T>;
  for (const key of keys) if (!Object.is(a[key], b[key])) return false;
  return true;
}
