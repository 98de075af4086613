/** Lists: Enter goes on or ends, Tab and Shift-Tab change the depth, tasks are checked from the keyboard. */
import { insertNewlineContinueMarkupCommand } from '@codemirror/lang-markdown';
import type { ChangeSpec, EditorState, Line, StateCommand } from '@codemirror/state';

const ITEM = /^(\s*)([-+*]|\d{1,9}[.)])(\s+)(\[[ xX]\](?=\s|$))?/;
const QUOTED = /^\s*>/;

const EMPTY_ITEM = /^(?:[-+*]|\d{1,9}[.)])\s+(?:\[[ xX]\]\s*)?$/;

/** Goes on with a list or a quote. The library's default would first turn a tight list into a loose one. */
const continueItems = insertNewlineContinueMarkupCommand({ nonTightLists: false });

/** An empty item ends the list. A blank line goes between the two, or the next words would still belong to the item above. */
const endList: StateCommand = ({ state, dispatch }) => {
  const { main } = state.selection;
  const line = state.doc.lineAt(main.head);
  if (state.readOnly || !main.empty || line.number === 1 || !EMPTY_ITEM.test(line.text)) return false;
  if (main.head !== line.to || !ITEM.test(state.doc.line(line.number - 1).text)) return false;
  const changes = { from: line.from, to: line.to, insert: '\n' };
  dispatch(state.update({ changes, selection: { anchor: line.from + 1 }, scrollIntoView: true, userEvent: 'input' }));
  return true;
};

export const continueMarkup: StateCommand = (target) => endList(target) || continueItems(target);

function selectedLines(state: EditorState): Line[] {
  const found = new Map<number, Line>();
  for (const { from, to, empty } of state.selection.ranges) {
    for (let pos = from; pos <= to; ) {
      const line = state.doc.lineAt(pos);
      // A selection that ends at the start of a line does not mean that line.
      if (empty || line.from < to || line.from === from) found.set(line.from, line);
      pos = line.to + 1;
    }
  }
  return [...found.values()];
}

const widthOf = (whitespace: string) => whitespace.replaceAll('\t', '    ').length;

/** An item becomes a child when its marker stands under the text of the item above. */
function indentOf(state: EditorState, line: Line): string {
  const own = ITEM.exec(line.text);
  const ownWidth = widthOf(own?.[1] ?? '');
  for (let number = line.number - 1; number >= 1; number -= 1) {
    const above = ITEM.exec(state.doc.line(number).text);
    if (!above) {
      if (state.doc.line(number).text.trim() === '') continue;
      break;
    }
    if (widthOf(above[1] ?? '') <= ownWidth) {
      const contentAt = widthOf(above[1] ?? '') + (above[2]?.length ?? 1) + Math.min(4, above[3]?.length ?? 1);
      return ' '.repeat(Math.max(1, contentAt - ownWidth));
    }
  }
  return '  ';
}

/** Moves the selected items one level in. Passes when no item is selected. */
export const indentItems: StateCommand = ({ state, dispatch }) => {
  const lines = selectedLines(state);
  const [first] = lines;
  if (state.readOnly || !first || !ITEM.test(first.text)) return false;
  const insert = indentOf(state, first);
  const changes = lines.filter((line) => line.text.trim() !== '').map((line) => ({ from: line.from, insert }));
  dispatch(state.update({ changes, userEvent: 'input.indent' }));
  return true;
};

/** Moves the selected items one level out. Passes when no item is selected. */
export const outdentItems: StateCommand = ({ state, dispatch }) => {
  const lines = selectedLines(state);
  const [first] = lines;
  const item = first && ITEM.exec(first.text);
  if (state.readOnly || !first || !item) return false;
  const step = outdentStep(state, first, widthOf(item[1] ?? ''));
  const changes: ChangeSpec[] = lines.map((line) => {
    const leading = /^\s*/.exec(line.text)?.[0] ?? '';
    return { from: line.from, to: line.from + (leading.startsWith('\t') ? 1 : Math.min(step, leading.length)) };
  });
  dispatch(state.update({ changes, userEvent: 'delete.dedent' }));
  return true;
};

function outdentStep(state: EditorState, line: Line, width: number): number {
  for (let number = line.number - 1; number >= 1; number -= 1) {
    const above = ITEM.exec(state.doc.line(number).text);
    if (above && widthOf(above[1] ?? '') < width) return width - widthOf(above[1] ?? '');
  }
  return Math.max(1, width);
}

/** Checks or unchecks the tasks of the selected lines; an item without a box gets one. */
export const toggleTasks: StateCommand = ({ state, dispatch }) => {
  if (state.readOnly) return false;
  const changes: ChangeSpec[] = [];
  for (const line of selectedLines(state)) {
    const item = ITEM.exec(line.text);
    if (!item) {
      if (QUOTED.test(line.text) || line.text.trim() === '') continue;
      changes.push({ from: line.from + (/^\s*/.exec(line.text)?.[0].length ?? 0), insert: '- [ ] ' });
    } else if (item[4]) {
      const mark = line.from + item[0].length - 2;
      changes.push({ from: mark, to: mark + 1, insert: item[4][1] === ' ' ? 'x' : ' ' });
    } else changes.push({ from: line.from + item[0].length, insert: '[ ] ' });
  }
  if (changes.length === 0) return false;
  dispatch(state.update({ changes, userEvent: 'input.task' }));
  return true;
};
