/** Wrapping what is selected in Markdown's marks, and unwrapping it again. */
import { syntaxTree } from '@codemirror/language';
import { EditorSelection, type EditorState, type SelectionRange, type StateCommand } from '@codemirror/state';
import type { SyntaxNode } from '@lezer/common';

interface Mark {
  readonly node: string;
  readonly markNode: string;
  readonly text: string;
}

const BOLD: Mark = { node: 'StrongEmphasis', markNode: 'EmphasisMark', text: '**' };
const ITALIC: Mark = { node: 'Emphasis', markNode: 'EmphasisMark', text: '_' };
const CODE: Mark = { node: 'InlineCode', markNode: 'CodeMark', text: '`' };
const STRIKE: Mark = { node: 'Strikethrough', markNode: 'StrikethroughMark', text: '~~' };

function enclosing(state: EditorState, range: SelectionRange, name: string): SyntaxNode | null {
  for (const side of [1, -1] as const) {
    for (let node: SyntaxNode | null = syntaxTree(state).resolveInner(range.from, side); node; node = node.parent) {
      if (node.name === name && node.from <= range.from && node.to >= range.to) return node;
    }
  }
  return null;
}

/** With nothing selected the word around the cursor is meant. */
function target(state: EditorState, range: SelectionRange): { from: number; to: number } {
  if (!range.empty) {
    const text = state.sliceDoc(range.from, range.to);
    const start = text.length - text.trimStart().length;
    const trimmed = text.trim().length;
    return trimmed === 0 ? range : { from: range.from + start, to: range.from + start + trimmed };
  }
  return state.wordAt(range.head) ?? range;
}

const toggle =
  (mark: Mark): StateCommand =>
  ({ state, dispatch }) => {
    if (state.readOnly) return false;
    const edit = state.changeByRange((range) => {
      const node = enclosing(state, range, mark.node);
      const marks = node?.getChildren(mark.markNode) ?? [];
      const [open] = marks;
      const close = marks.at(-1);
      if (open && close && open !== close) {
        const changes = state.changes([
          { from: open.from, to: open.to },
          { from: close.from, to: close.to },
        ]);
        return { changes, range: range.map(changes) };
      }
      const { from, to } = target(state, range);
      const shift = mark.text.length;
      const changes = [
        { from, insert: mark.text },
        { from: to, insert: mark.text },
      ];
      const selection = range.empty ? EditorSelection.cursor(range.head + shift) : EditorSelection.range(from + shift, to + shift);
      return { changes, range: selection };
    });
    dispatch(state.update(edit, { userEvent: 'input.format', scrollIntoView: true }));
    return true;
  };

export const toggleBold = toggle(BOLD);
export const toggleItalic = toggle(ITALIC);
export const toggleCode = toggle(CODE);
export const toggleStrike = toggle(STRIKE);

const ADDRESS_HINT = 'https://';

/** Makes the selection a link and leaves the cursor where the address goes. */
export const insertLink: StateCommand = ({ state, dispatch }) => {
  if (state.readOnly) return false;
  const edit = state.changeByRange((range) => {
    const { from, to } = target(state, range);
    const text = state.sliceDoc(from, to);
    const insert = `[${text}](${ADDRESS_HINT})`;
    const address = from + text.length + 3;
    const selection =
      text === '' ? EditorSelection.cursor(from + 1) : EditorSelection.range(address, address + ADDRESS_HINT.length);
    return { changes: { from, to, insert }, range: selection };
  });
  dispatch(state.update(edit, { userEvent: 'input.format', scrollIntoView: true }));
  return true;
};

/** Sets the heading level of the lines that are selected; the level they have already makes them text again. */
export const setHeading =
  (level: number): StateCommand =>
  ({ state, dispatch }) => {
    if (state.readOnly) return false;
    const changes = [];
    const seen = new Set<number>();
    for (const range of state.selection.ranges) {
      for (let pos = range.from; pos <= range.to; ) {
        const line = state.doc.lineAt(pos);
        pos = line.to + 1;
        if (seen.has(line.from)) continue;
        seen.add(line.from);
        const before = /^(#{1,6})[ \t]+/.exec(line.text);
        const insert = before?.[1]?.length === level ? '' : `${'#'.repeat(level)} `;
        changes.push({ from: line.from, to: line.from + (before?.[0].length ?? 0), insert });
      }
    }
    dispatch(state.update({ changes, userEvent: 'input.format', scrollIntoView: true }));
    return true;
  };
