// Which documents a few typed letters mean. Pure, and quick enough to run on every key over thousands.

export interface Candidate {
  readonly path: string;
  readonly title: string;
}

export interface Ranked<T> {
  readonly item: T;
  readonly score: number;
}

interface Prepared {
  readonly path: string;
  readonly title: string;
  readonly name: number;
}

/** Lower-cased once for each document, not once for each key. */
const prepared = new WeakMap<Candidate, Prepared>();

function prepare(item: Candidate): Prepared {
  const known = prepared.get(item);
  if (known) return known;
  const path = item.path.toLowerCase();
  const fresh = { path, title: item.title.toLowerCase(), name: path.lastIndexOf('/') + 1 };
  prepared.set(item, fresh);
  return fresh;
}

const isBoundary = (text: string, index: number): boolean => index === 0 || '/ -_.'.includes(text[index - 1] ?? '');

/** A run of letters found whole: better at the start of a word, in the name, and where little else is. */
function wholeScore(text: string, word: string, name: number): number {
  let best = 0;
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    const start = isBoundary(text, at) ? 30 : 0;
    const inName = at >= name ? 25 : 0;
    const exact = at === name ? 15 : 0;
    best = Math.max(best, 100 + start + inName + exact + (20 * word.length) / (text.length - (at >= name ? name : 0)));
  }
  return best;
}

/** Letters in order with gaps: those at the start of words and next to each other count more. */
function scatteredScore(text: string, word: string): number {
  let score = 0;
  let previous = -2;
  for (const letter of word) {
    let at = text.indexOf(letter, previous + 1);
    if (at < 0) return 0;
    if (at !== previous + 1 && !isBoundary(text, at)) {
      // A later one at the start of a word is likelier what was meant than the first one met.
      let later = at;
      while (later >= 0 && !isBoundary(text, later)) later = text.indexOf(letter, later + 1);
      if (later >= 0) at = later;
    }
    score += at === previous + 1 ? 6 : isBoundary(text, at) ? 5 : 1;
    previous = at;
  }
  // Letters strewn over a long path are no match worth showing.
  return score >= word.length * 2.5 ? score : 0;
}

function wordScore({ path, title, name }: Prepared, word: string): number {
  return wholeScore(path, word, name) || wholeScore(title, word, 0) * 0.95 || scatteredScore(path, word) || scatteredScore(title, word);
}

const better = <T extends Candidate>(a: Ranked<T>, b: Ranked<T>): boolean =>
  a.score > b.score || (a.score === b.score && a.item.path.length < b.item.path.length);

/** Keeps `best` sorted and at most `limit` long: sorting every match costs more than finding them. */
function keep<T extends Candidate>(best: Ranked<T>[], one: Ranked<T>, limit: number): void {
  const last = best.at(-1);
  if (best.length === limit && last && !better(one, last)) return;
  let at = best.length;
  while (at > 0) {
    const before = best[at - 1];
    if (!before || !better(one, before)) break;
    at -= 1;
  }
  best.splice(at, 0, one);
  if (best.length > limit) best.pop();
}

/** Every word has to be found; the best first, at most `limit`. */
export function rank<T extends Candidate>(items: readonly T[], query: string, limit: number): readonly Ranked<T>[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [];
  const found: Ranked<T>[] = [];
  for (const item of items) {
    const text = prepare(item);
    let total = 0;
    for (const word of words) {
      const score = wordScore(text, word);
      if (score === 0) {
        total = 0;
        break;
      }
      total += score;
    }
    if (total > 0) keep(found, { item, score: total }, limit);
  }
  return found;
}
