/** Checking a task in the reading view changes one character of the text. */
import type { Replica } from '@/core/sync';

const FROM_READING = Symbol('task clicked in the reading view');
const TASK = /^[\s>]*(?:[-+*]|\d{1,9}[.)])\s+\[([ xX])\]/;

/** @param line counted from 0 */
export function toggleTaskInText({ doc, text, undo }: Replica, line: number): void {
  const source = text.toJSON();
  let start = 0;
  for (let count = 0; count < line; count += 1) {
    start = source.indexOf('\n', start) + 1;
    if (start === 0) return;
  }
  const end = source.indexOf('\n', start);
  const found = TASK.exec(source.slice(start, end === -1 ? undefined : end));
  // The text may have moved on since the box was drawn.
  if (!found) return;
  const at = start + found[0].length - 2;
  undo.addTrackedOrigin(FROM_READING);
  doc.transact(() => {
    text.delete(at, 1);
    text.insert(at, found[1] === ' ' ? 'x' : ' ');
  }, FROM_READING);
}
