/** What may come in through the keyboard and the clipboard. */
import { EditorState, type Extension, type TransactionSpec } from '@codemirror/state';
import { EditorView, highlightSpecialChars } from '@codemirror/view';

/**
 * NUL cannot be stored (the server refuses it) and a clipboard's `\r\n` would stay raw, because the line separator is
 * pinned to `\n`: both go before they become text.
 */
export const cleanText = (text: string) => text.replace(/\r\n?/g, '\n').replaceAll('\0', '');

const noNul = EditorState.transactionFilter.of((transaction) => {
  if (!transaction.docChanged || !transaction.isUserEvent('input')) return transaction;
  const changes: { from: number; to: number; insert: string }[] = [];
  transaction.changes.iterChanges((from, to, _fromB, _toB, inserted) => {
    changes.push({ from, to, insert: inserted.sliceString(0) });
  });
  if (!changes.some(({ insert }) => insert.includes('\0'))) return transaction;
  for (const change of changes) change.insert = change.insert.replaceAll('\0', '');
  const spec: TransactionSpec = { changes, userEvent: 'input', scrollIntoView: true };
  return spec;
});

function showSpecial(code: number, description: string | null, placeholder: string): HTMLElement {
  const mark = document.createElement('span');
  // In a text of mixed line ends the carriage return belongs to the line end: there, but nothing to stumble over.
  mark.className = code === 13 ? 'cm-carriage-return' : 'cm-specialChar';
  mark.textContent = code === 13 ? '␍' : placeholder;
  mark.title = description ?? `U+${code.toString(16).padStart(4, '0')}`;
  return mark;
}

export const inputFilter: Extension = [
  // With `\r\n` seen as one line break, CodeMirror's offsets drift from those of the shared text.
  EditorState.lineSeparator.of('\n'),
  EditorView.clipboardInputFilter.of(cleanText),
  highlightSpecialChars({ render: showSpecial }),
  noNul,
];
