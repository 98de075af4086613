/** Draws the inline Markdown of a syntax node as elements. Builds nodes only, so nothing in the text can become markup. */
import type { EditorState } from '@codemirror/state';
import type { SyntaxNode } from '@lezer/common';

const ELEMENTS: Readonly<Record<string, string>> = {
  Emphasis: 'em',
  StrongEmphasis: 'strong',
  Strikethrough: 's',
  InlineCode: 'code',
  Subscript: 'sub',
  Superscript: 'sup',
};

const MARKS = new Set([
  'EmphasisMark',
  'StrikethroughMark',
  'CodeMark',
  'LinkMark',
  'SubscriptMark',
  'SuperscriptMark',
  'URL',
  'LinkTitle',
  'LinkLabel',
]);

export function inlineContent(state: EditorState, node: SyntaxNode): DocumentFragment {
  const into = document.createDocumentFragment();
  fill(state, node, into);
  return into;
}

function fill(state: EditorState, node: SyntaxNode, into: Node): void {
  let pos = node.from;
  const text = (to: number) => {
    if (to > pos) into.appendChild(document.createTextNode(state.sliceDoc(pos, to)));
  };
  for (let child = node.firstChild; child; child = child.nextSibling) {
    text(child.from);
    pos = child.to;
    // A bare address is text as well as a mark; inside a link it is only a mark.
    if (MARKS.has(child.name) && !(child.name === 'URL' && node.name !== 'Link' && node.name !== 'Image')) continue;
    into.appendChild(drawn(state, child));
  }
  text(node.to);
}

function drawn(state: EditorState, node: SyntaxNode): Node {
  if (node.name === 'Escape') return document.createTextNode(state.sliceDoc(node.from + 1, node.to));
  const element = document.createElement(ELEMENTS[node.name] ?? 'span');
  if (node.name === 'Link' || node.name === 'URL' || node.name === 'Autolink') element.className = 'cm-md-link-text';
  fill(state, node, element);
  return element;
}
