import type { Transaction } from '@codemirror/state';
import type { EditorView } from '@codemirror/view';
import { ySyncAnnotation } from 'y-codemirror.next';

/**
 * Keeps in its place what is read while others write above it. CodeMirror puts it back once a frame, by where it was before the last
 * change: of several that come in one frame it would forget all but that one. So what waits to be measured is measured before the next.
 */
export function dispatchSteadily(transactions: readonly Transaction[], view: EditorView): void {
  const { to } = view.viewport;
  if (transactions.some((one) => one.annotation(ySyncAnnotation) !== undefined && one.changes.touchesRange(0, to))) view.lineBlockAtHeight(0);
  view.update(transactions);
}
