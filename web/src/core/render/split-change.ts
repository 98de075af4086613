/** From one split of a document to the next: the few blocks that differ, and where all of them stand now. */
import type { Block, RenderContext, Split } from './split';

export interface SplitChange {
  /** How many blocks at the start and at the end are the same as before. */
  readonly head: number;
  readonly tail: number;
  /** What stands between them now. */
  readonly added: readonly Block[];
  /** First and last line (not included) of every block. */
  readonly lines: Int32Array;
  /** The anchor of every block; null when they are the same as before. */
  readonly slugs: readonly (string | null)[] | null;
  /** What blocks need to know of each other; null when it is the same as before. */
  readonly context: RenderContext | null;
}

/** @param before what is shown; `contextKey` is null when its context is not known any more */
export function splitChange(before: { blocks: readonly Block[]; contextKey: string | null }, after: Split): SplitChange {
  const old = before.blocks;
  const { blocks, references, notes, noteList } = after;
  const least = Math.min(old.length, blocks.length);
  let head = 0;
  while (head < least && old[head]?.key === blocks[head]?.key) head += 1;
  let tail = 0;
  while (tail < least - head && old.at(-1 - tail)?.key === blocks.at(-1 - tail)?.key) tail += 1;

  const lines = new Int32Array(blocks.length * 2);
  blocks.forEach(({ startLine, endLine }, index) => lines.set([startLine, endLine], index * 2));
  const sameSlugs = old.length === blocks.length && blocks.every(({ slug }, index) => slug === old[index]?.slug);
  return {
    head,
    tail,
    added: blocks.slice(head, blocks.length - tail),
    lines,
    slugs: sameSlugs ? null : blocks.map(({ slug }) => slug),
    context: before.contextKey === after.contextKey ? null : { references, notes, noteList },
  };
}
