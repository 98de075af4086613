/** Writing tables: Tab goes from cell to cell and adds a row at the end, leaving a table aligns it. */
import { syntaxTree } from '@codemirror/language';
import { Annotation, EditorSelection, type EditorState, type StateCommand } from '@codemirror/state';
import { EditorView, type ViewUpdate } from '@codemirror/view';
import type { SyntaxNode } from '@lezer/common';
import { alignTable, parseRow } from './table-text';

function tableAround(state: EditorState, pos: number): SyntaxNode | null {
  for (const side of [1, -1] as const) {
    for (let node: SyntaxNode | null = syntaxTree(state).resolveInner(pos, side); node; node = node.parent) {
      if (node.name === 'Table') return node;
    }
  }
  return null;
}

interface Place {
  readonly line: number;
  readonly cell: number;
}

function placeOf(state: EditorState, pos: number): Place {
  const line = state.doc.lineAt(pos);
  const cells = parseRow(line.text);
  const at = cells.findIndex((cell) => pos - line.from <= cell.to);
  return { line: line.number, cell: at === -1 ? cells.length - 1 : at };
}

function cellSelection(state: EditorState, { line, cell }: Place): EditorSelection {
  const at = state.doc.line(line);
  const found = parseRow(at.text)[cell];
  if (!found) return EditorSelection.single(at.to);
  return EditorSelection.single(at.from + found.textFrom, at.from + found.textTo);
}

const step =
  (direction: 1 | -1): StateCommand =>
  ({ state, dispatch }) => {
    const table = tableAround(state, state.selection.main.head);
    if (!table || state.readOnly) return false;
    const first = state.doc.lineAt(table.from).number;
    const last = state.doc.lineAt(table.to).number;
    const width = parseRow(state.doc.line(first).text).length;
    let { line, cell } = placeOf(state, state.selection.main.head);
    cell += direction;
    if (cell >= width || cell < 0) {
      line += direction;
      // The line of dashes is no row.
      if (line === first + 1) line += direction;
      cell = direction === 1 ? 0 : width - 1;
    }
    if (line < first) return true;
    if (line > last) {
      const end = state.doc.line(last).to;
      const insert = `\n|${'  |'.repeat(width)}`;
      const changes = { from: end, insert };
      dispatch(state.update({ changes, selection: { anchor: end + 3 }, scrollIntoView: true, userEvent: 'input' }));
      return true;
    }
    dispatch(state.update({ selection: cellSelection(state, { line, cell }), scrollIntoView: true, userEvent: 'select' }));
    return true;
  };

export const nextCell = step(1);
export const previousCell = step(-1);

const aligning = Annotation.define<boolean>();

/** When the cursor leaves a table that was changed meanwhile, its columns are lined up. */
export const alignOnLeaving = () => {
  let changed = false;
  return EditorView.updateListener.of((update: ViewUpdate) => {
    const { state, startState, view } = update;
    if (!update.selectionSet && !update.docChanged) return;
    const own = update.transactions.some((transaction) => transaction.isUserEvent('input') || transaction.isUserEvent('delete'));
    if (update.transactions.some((transaction) => transaction.annotation(aligning))) return;
    const before = tableAround(startState, startState.selection.main.head);
    const now = tableAround(state, state.selection.main.head);
    if (own && now) changed = true;
    if (!changed || !before) return;
    const from = update.changes.mapPos(before.from, 1);
    if (now?.from === from) return;
    changed = false;
    // An update listener may not dispatch while the update it hears of is under way.
    queueMicrotask(() => align(view, from));
  });
};

function align(view: EditorView, from: number): void {
  const { state } = view;
  if (state.readOnly || from > state.doc.length) return;
  const table = tableAround(state, from);
  if (!table || state.selection.ranges.some((range) => range.to >= table.from && range.from <= table.to)) return;
  const source = state.sliceDoc(table.from, table.to);
  const aligned = alignTable(source);
  if (aligned === null || aligned === source) return;
  view.dispatch({ changes: lineChanges(table.from, source, aligned), annotations: aligning.of(true), userEvent: 'input.align' });
}

/** One change a line, and of each line only what differs: the cursors of others in the table stay where they are. */
function lineChanges(from: number, before: string, after: string): { from: number; to: number; insert: string }[] {
  const changes = [];
  const next = after.split('\n');
  let pos = from;
  for (const [index, line] of before.split('\n').entries()) {
    const wanted = next[index] ?? '';
    let start = 0;
    while (start < Math.min(line.length, wanted.length) && line[start] === wanted[start]) start += 1;
    let end = 0;
    while (end < Math.min(line.length, wanted.length) - start && line.at(-1 - end) === wanted.at(-1 - end)) end += 1;
    if (line !== wanted) {
      changes.push({ from: pos + start, to: pos + line.length - end, insert: wanted.slice(start, wanted.length - end) });
    }
    pos += line.length + 1;
  }
  return changes;
}
