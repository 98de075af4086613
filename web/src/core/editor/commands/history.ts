/** Undo and redo of what I did myself; the shared history is the binding's. */
import type { Command } from '@codemirror/view';
import { yUndoManagerKeymap } from 'y-codemirror.next';

const bound = (key: string): Command => yUndoManagerKeymap.find((binding) => binding.key === key)?.run ?? (() => false);

export const undo = bound('Mod-z');
export const redo = bound('Mod-y');
