import { ensureSyntaxTree } from '@codemirror/language';
import { EditorState, type StateCommand, type Transaction } from '@codemirror/state';
import { describe, expect, it } from 'vitest';
import { markdownSupport } from '../language';
import { insertLink, setHeading, toggleBold, toggleItalic } from './format';
import { continueMarkup, indentItems, outdentItems, toggleTasks } from './lists';
import { alignTable, displayWidth, parseRow } from './table-text';
import { nextCell, previousCell } from './tables';

/** `|` marks the cursor, or the two ends of the selection. */
function stateOf(marked: string): EditorState {
  const parts = marked.split('|');
  const doc = parts.join('');
  const [before = '', inside = ''] = parts;
  const head = before.length + (parts.length === 3 ? inside.length : 0);
  const state = EditorState.create({ doc, selection: { anchor: before.length, head }, extensions: [markdownSupport()] });
  ensureSyntaxTree(state, doc.length, 1000);
  return state;
}

function marked(state: EditorState): string {
  const { from, to } = state.selection.main;
  const text = state.doc.toString();
  return from === to ? `${text.slice(0, from)}|${text.slice(from)}` : `${text.slice(0, from)}|${text.slice(from, to)}|${text.slice(to)}`;
}

function run(command: StateCommand, state: EditorState): EditorState | null {
  const states = [state];
  const dispatch = (transaction: Transaction) => states.push(transaction.state);
  return command({ state, dispatch }) ? (states.at(-1) ?? null) : null;
}

const result = (command: StateCommand, text: string) => {
  const next = run(command, stateOf(text));
  return next && marked(next);
};

describe('lists', () => {
  it.each([
    ['- one|', '- one\n- |'],
    ['1. one|', '1. one\n2. |'],
    ['- [x] one|', '- [x] one\n- [ ] |'],
    ['> one|', '> one\n> |'],
  ])('Enter after %j goes on', (before, after) => {
    expect(result(continueMarkup, before)).toBe(after);
  });

  it('an empty item ends the list, and what follows does not belong to it', () => {
    expect(result(continueMarkup, '- one\n- |')).toBe('- one\n\n|');
    expect(result(continueMarkup, '- one\n- [ ] |\n- two')).toBe('- one\n\n|\n- two');
  });

  it('an empty nested item moves out', () => {
    expect(result(continueMarkup, '- one\n  - two\n  - |')).toBe('- one\n  - two\n- |');
  });

  it('passes in plain text', () => {
    expect(result(continueMarkup, 'text|')).toBeNull();
    expect(result(indentItems, 'text|')).toBeNull();
  });

  it('Tab makes a child, under the text of the item above', () => {
    expect(result(indentItems, '- a\n- b|')).toBe('- a\n  - b|');
    expect(result(indentItems, '1. a\n2. b|')).toBe('1. a\n   2. b|');
  });

  it('Shift-Tab moves back out to the parent', () => {
    expect(result(outdentItems, '1. a\n   - b|')).toBe('1. a\n- b|');
    expect(result(outdentItems, '- a|')).toBe('- a|');
  });

  it('checks, unchecks and makes tasks', () => {
    expect(result(toggleTasks, '- [ ] a|')).toBe('- [x] a|');
    expect(result(toggleTasks, '- [x] a|')).toBe('- [ ] a|');
    expect(result(toggleTasks, '- a|')).toBe('- [ ] a|');
    expect(result(toggleTasks, 'a|')).toBe('- [ ] a|');
  });
});

describe('formatting', () => {
  it('wraps and unwraps', () => {
    expect(result(toggleBold, 'a |word| b')).toBe('a **|word|** b');
    expect(result(toggleBold, 'a **wo|rd** b')).toBe('a wo|rd b');
    expect(result(toggleItalic, 'a wo|rd b')).toBe('a _wo|rd_ b');
    expect(result(toggleBold, '|word |')).toBe('**|word|** ');
  });

  it('makes links and headings', () => {
    expect(result(insertLink, 'see |this|')).toBe('see [this](|https://|)');
    expect(result(setHeading(2), 'a|')).toBe('## a|');
    expect(result(setHeading(2), '## a|')).toBe('a|');
    expect(result(setHeading(1), '### a|')).toBe('# a|');
  });
});

describe('tables', () => {
  const table = '| a | b |\n| - | - |\n| 1 | 2 |';

  // The table's own bars stand in the way of the marks, so offsets are counted.
  const at = (offset: number) => {
    const state = EditorState.create({ doc: table, selection: { anchor: offset }, extensions: [markdownSupport()] });
    ensureSyntaxTree(state, table.length, 1000);
    return state;
  };
  const selected = (state: EditorState | null) => state && state.sliceDoc(state.selection.main.from, state.selection.main.to);

  it('Tab goes from cell to cell, over the dashes, and back', () => {
    const second = run(nextCell, at(2));
    expect(selected(second)).toBe('b');
    const third = second && run(nextCell, second);
    expect(selected(third)).toBe('1');
    expect(selected(third && run(previousCell, third))).toBe('b');
  });

  it('adds a row after the last cell', () => {
    expect(run(nextCell, at(table.length - 3))?.doc.toString()).toBe(`${table}\n|  |  |`);
  });

  it('passes outside a table', () => {
    expect(result(nextCell, 'text|')).toBeNull();
  });

  it('finds cells in spite of escaped bars and code', () => {
    const row = '| a \\| b | `c | d` |';
    expect(parseRow(row).map((cell) => row.slice(cell.textFrom, cell.textTo))).toEqual(['a \\| b', '`c | d`']);
    expect(parseRow('a | b').map((cell) => cell.textFrom)).toEqual([0, 4]);
  });

  it('lines columns up, keeping what they say', () => {
    expect(alignTable('|a|b|\n|:-|-:|\n|long cell|1|')).toBe('| a         |   b |\n| :-------- | --: |\n| long cell |   1 |');
    expect(alignTable('| 漢字 | x |\n|--|--|')).toBe('| 漢字 | x   |\n| ---- | --- |');
    expect(alignTable('no table')).toBeNull();
    const aligned = alignTable('| a | b |\n| - | - |\n| only one |') ?? '';
    expect(alignTable(aligned)).toBe(aligned);
  });

  it('knows how wide characters are', () => {
    expect(displayWidth('aé漢👍')).toBe(6);
  });
});
