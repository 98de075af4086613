/** Mod-click opens the link under the mouse; a plain click only puts the cursor there. */
import { syntaxTree } from '@codemirror/language';
import type { EditorState, Extension } from '@codemirror/state';
import { EditorView } from '@codemirror/view';
import type { SyntaxNode } from '@lezer/common';

export function linkAt(state: EditorState, pos: number): string | null {
  for (let node: SyntaxNode | null = syntaxTree(state).resolveInner(pos, 1); node; node = node.parent) {
    if (node.name === 'URL') return clean(state.sliceDoc(node.from, node.to));
    if (node.name === 'Link' || node.name === 'Image' || node.name === 'Autolink') {
      const url = node.getChild('URL');
      return url ? clean(state.sliceDoc(url.from, url.to)) : null;
    }
  }
  return null;
}

const clean = (url: string) => url.replace(/^<|>$/g, '').replace(/^www\./, 'https://www.');

export const openLinks = (open: (href: string) => void): Extension =>
  EditorView.domEventHandlers({
    mousedown(event, view) {
      if (event.button !== 0 || !(event.metaKey || event.ctrlKey)) return false;
      const pos = view.posAtCoords({ x: event.clientX, y: event.clientY });
      const href = pos === null ? null : linkAt(view.state, pos);
      if (href === null) return false;
      event.preventDefault();
      open(href);
      return true;
    },
  });
