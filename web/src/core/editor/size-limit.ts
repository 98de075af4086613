/** What is far too long to be stored is not let in: the page would stand still over it, and nobody could save it. */
import type { Extension } from '@codemirror/state';
import { EditorView } from '@codemirror/view';

export interface SizeLimit {
  /** The most bytes that a document may have; undefined while that is not known. */
  readonly maxBytes: () => number | undefined;
  readonly onRefused: (length: number, maxBytes: number) => void;
}

/** Characters are at most as many as bytes, so nothing is refused that would have fitted. */
export const sizeLimit = ({ maxBytes, onRefused }: SizeLimit): Extension => {
  const refuse = (event: Event, transfer: DataTransfer | null, view: EditorView): boolean => {
    const limit = maxBytes();
    const length = transfer?.getData('text/plain').length ?? 0;
    const replaced = view.state.selection.ranges.reduce((sum, { from, to }) => sum + to - from, 0);
    if (limit === undefined || view.state.readOnly || view.state.doc.length - replaced + length <= limit) return false;
    event.preventDefault();
    onRefused(length, limit);
    return true;
  };
  return EditorView.domEventHandlers({
    paste: (event, view) => refuse(event, event.clipboardData, view),
    drop: (event, view) => refuse(event, event.dataTransfer, view),
  });
};
