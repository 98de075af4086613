export { DocumentEditor, type EditorOptions, type EditorWords, type LinePosition } from './editor';
export { insertLink, setHeading, toggleBold, toggleCode, toggleItalic, toggleStrike } from './commands/format';
export { indentItems, outdentItems, toggleTasks } from './commands/lists';
export { redo, undo } from './commands/history';
