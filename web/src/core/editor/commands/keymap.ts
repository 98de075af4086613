/** The keys of the editor. What they do is listed for the `?` dialog by the document feature. */
import { deleteMarkupBackward } from '@codemirror/lang-markdown';
import { copyLineDown, copyLineUp, defaultKeymap, indentLess, indentMore, moveLineDown, moveLineUp } from '@codemirror/commands';
import { searchKeymap } from '@codemirror/search';
import { Prec, StateEffect, StateField, type Extension } from '@codemirror/state';
import { EditorView, keymap, type Command, type KeyBinding } from '@codemirror/view';
import { yUndoManagerKeymap } from 'y-codemirror.next';
import { insertLink, setHeading, toggleBold, toggleCode, toggleItalic, toggleStrike } from './format';
import { continueMarkup, indentItems, outdentItems, toggleTasks } from './lists';
import { nextCell, previousCell } from './tables';

/** After Esc the next Tab leaves the editor, so that nobody who uses only the keyboard is caught in it. */
const setLeaving = StateEffect.define<boolean>();

const leaving = StateField.define<boolean>({
  create: () => false,
  update(value, transaction) {
    for (const effect of transaction.effects) if (effect.is(setLeaving)) return effect.value;
    return transaction.docChanged || transaction.selection ? false : value;
  },
});

const escape: Command = (view) => {
  view.dispatch({ effects: setLeaving.of(true) });
  return false;
};

/** Inside a list or a table Tab works there; elsewhere it indents, and after Esc it does nothing of ours. */
const tab =
  (...commands: Command[]): Command =>
  (view) => {
    if (view.state.field(leaving) || view.state.readOnly) return false;
    return commands.some((command) => command(view));
  };

const bindings: KeyBinding[] = [
  { key: 'Escape', run: escape },
  { key: 'Tab', run: tab(nextCell, indentItems, indentMore), shift: tab(previousCell, outdentItems, indentLess) },
  { key: 'Enter', run: continueMarkup },
  { key: 'Backspace', run: deleteMarkupBackward },
  { key: 'Mod-b', run: toggleBold },
  { key: 'Mod-i', run: toggleItalic },
  { key: 'Mod-e', run: toggleCode },
  { key: 'Mod-Shift-x', run: toggleStrike },
  { key: 'Mod-Shift-k', run: insertLink },
  { key: 'Mod-Enter', run: toggleTasks },
  ...[1, 2, 3].map((level) => ({ key: `Mod-Alt-${level}`, run: setHeading(level) })),
  { key: 'Alt-ArrowUp', run: moveLineUp, shift: copyLineUp },
  { key: 'Alt-ArrowDown', run: moveLineDown, shift: copyLineDown },
];

/** Keys of CodeMirror that the page needs for itself: the palette, the comment and the mode shortcuts. */
const TAKEN = new Set(['Mod-Alt-\\', 'Mod-/', 'Alt-A', 'Mod-k', 'Ctrl-k']);

const rest = defaultKeymap.filter((binding) => !TAKEN.has(binding.key ?? '') && !TAKEN.has(binding.mac ?? ''));

export const editorKeys: Extension = [
  leaving,
  Prec.high(keymap.of([...bindings, ...yUndoManagerKeymap])),
  keymap.of([...searchKeymap, ...rest]),
  EditorView.domEventHandlers({
    blur: (_event, view) => {
      if (view.state.field(leaving)) view.dispatch({ effects: setLeaving.of(false) });
    },
  }),
];
