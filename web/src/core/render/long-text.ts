/** What takes long in a long text is done in a worker, so that typing goes on meanwhile. */
import { countWords } from './count-words';
import { headingsOf, type Heading } from './split';
import type { SplitChange } from './split-change';
import type { Answer, Question } from './split-worker';

/** In characters. Below, the main thread is done sooner than a worker could answer. */
const LONG = 150_000;

export const isLong = (text: string): boolean => text.length >= LONG;

type Waiting = (answer: unknown) => void;

/** undefined: not needed yet; null: this browser would not start one. */
let worker: Worker | null | undefined;
let lastId = 0;
const waiting = new Map<number, Waiting>();

function giveUp(): void {
  worker?.terminate();
  worker = null;
  const left = [...waiting.values()];
  waiting.clear();
  for (const done of left) done(undefined);
}

function start(): Worker | null {
  try {
    const made = new Worker(new URL('./split-worker.ts', import.meta.url), { type: 'module' });
    made.onerror = giveUp;
    made.onmessage = ({ data: { id, answer } }: MessageEvent<Answer>) => {
      const done = waiting.get(id);
      waiting.delete(id);
      done?.(answer);
    };
    return made;
  } catch {
    return null;
  }
}

/** Resolves to undefined when there is no worker, or no longer. */
function ask<T>(question: Question): Promise<T | undefined> {
  worker ??= worker === undefined ? start() : null;
  const to = worker;
  if (!to) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    const id = ++lastId;
    waiting.set(id, resolve as Waiting);
    to.postMessage({ id, question });
  });
}

const later = async <T>(text: string, kind: 'headings' | 'words', here: (text: string) => T): Promise<T> =>
  (isLong(text) ? await ask<T>({ kind, text }) : undefined) ?? here(text);

export const headingsLater = (text: string): Promise<readonly Heading[]> => later(text, 'headings', headingsOf);
export const countLater = (text: string): Promise<number> => later(text, 'words', countWords);

let views = 0;

/**
 * Splits the texts of one view, one after the other. Worker and view go from the same split to the next: `begin` says
 * which text the view has split by itself, and every change that comes afterwards builds on the one before.
 */
export class LongSplitter {
  readonly #view = ++views;
  readonly #apply: (change: SplitChange) => void;
  readonly #failed: () => void;
  #begun = false;
  #asking = false;
  #next: string | null = null;
  /** Counts the beginnings, so that an answer to an earlier one is not taken for a later one's. */
  #round = 0;

  /** @param failed called when no answer will come: the view has to split by itself */
  constructor(apply: (change: SplitChange) => void, failed: () => void) {
    this.#apply = apply;
    this.#failed = failed;
  }

  get begun(): boolean {
    return this.#begun;
  }

  begin(text: string): void {
    this.end();
    this.#begun = true;
    void ask({ kind: 'begin', view: this.#view, text });
  }

  /** While an answer is awaited only the latest text is kept. */
  next(text: string): void {
    this.#next = text;
    if (!this.#asking) void this.#work();
  }

  end(): void {
    if (this.#begun) void ask({ kind: 'end', view: this.#view });
    this.#begun = false;
    this.#next = null;
    this.#asking = false;
    this.#round += 1;
  }

  async #work(): Promise<void> {
    const round = this.#round;
    this.#asking = true;
    while (this.#next !== null) {
      const text = this.#next;
      this.#next = null;
      const change = await ask<SplitChange>({ kind: 'split', view: this.#view, text });
      if (round !== this.#round) return;
      if (change === undefined) {
        this.end();
        this.#failed();
        return;
      }
      this.#apply(change);
    }
    this.#asking = false;
  }
}
