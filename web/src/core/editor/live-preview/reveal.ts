/**
 * Where Markdown's marks are shown: around the cursor, and nowhere while nobody writes. While the mouse is down nothing
 * changes, because text that moves under a drag selects what nobody meant.
 */
import { StateEffect, StateField, type EditorState, type Extension } from '@codemirror/state';
import { EditorView } from '@codemirror/view';

interface Span {
  readonly from: number;
  readonly to: number;
}

interface Reveal {
  readonly focused: boolean;
  readonly dragging: boolean;
  readonly spans: readonly Span[];
}

const setFocused = StateEffect.define<boolean>();
const setDragging = StateEffect.define<boolean>();

const spansOf = (state: EditorState): readonly Span[] => state.selection.ranges.map(({ from, to }) => ({ from, to }));

export const revealField = StateField.define<Reveal>({
  create: () => ({ focused: false, dragging: false, spans: [] }),
  update(before, transaction) {
    let { focused, dragging } = before;
    for (const effect of transaction.effects) {
      if (effect.is(setFocused)) focused = effect.value;
      if (effect.is(setDragging)) dragging = effect.value;
    }
    const moved = transaction.docChanged || transaction.selection !== undefined;
    if (!moved && focused === before.focused && dragging === before.dragging) return before;
    if (dragging) {
      const map = (pos: number) => transaction.changes.mapPos(pos);
      return { focused, dragging, spans: before.spans.map(({ from, to }) => ({ from: map(from), to: map(to) })) };
    }
    return { focused, dragging, spans: focused ? spansOf(transaction.state) : [] };
  },
});

/** Whether the cursor touches the range. */
export function isRevealed(state: EditorState, from: number, to: number): boolean {
  return state.field(revealField).spans.some((span) => span.from <= to && span.to >= from);
}

/** Whether the cursor stands in one of the lines that the range covers. */
export function isLineRevealed(state: EditorState, from: number, to: number): boolean {
  const { doc } = state;
  return isRevealed(state, doc.lineAt(from).from, doc.lineAt(to).to);
}

const watchMouse = EditorView.domEventHandlers({
  mousedown(event, view) {
    if (event.button !== 0) return;
    view.dispatch({ effects: setDragging.of(true) });
    const done = () => {
      removeEventListener('mouseup', done, true);
      removeEventListener('dragend', done, true);
      // After the editor has read the last position of this click.
      setTimeout(() => view.dispatch({ effects: setDragging.of(false) }));
    };
    addEventListener('mouseup', done, true);
    addEventListener('dragend', done, true);
  },
});

export const reveal: Extension = [
  revealField,
  EditorView.focusChangeEffect.of((_state, focused) => setFocused.of(focused)),
  watchMouse,
];
