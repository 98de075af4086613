/** Tables drawn as tables while the cursor is elsewhere. A block widget changes heights, so it comes from the state. */
import { syntaxTree } from '@codemirror/language';
import { RangeSet, StateField, type EditorState, type Extension, type Range } from '@codemirror/state';
import { Decoration, EditorView, WidgetType, type DecorationSet } from '@codemirror/view';
import type { SyntaxNode, Tree } from '@lezer/common';
import { inlineContent } from './inline-content';
import { isLineRevealed, revealField } from './reveal';

/** A drawn table of this many characters costs more than it gives; it stays text. */
const MAX_LENGTH = 20_000;

type Align = 'left' | 'center' | 'right' | null;

class TableWidget extends WidgetType {
  constructor(
    readonly source: string,
    readonly build: () => HTMLElement,
  ) {
    super();
  }

  override eq(other: TableWidget): boolean {
    return other.source === this.source;
  }

  override get estimatedHeight(): number {
    return this.source.split('\n').length * 34;
  }

  toDOM(view: EditorView): HTMLElement {
    const frame = document.createElement('div');
    frame.className = 'cm-md-table-frame md-prose';
    frame.dir = 'auto';
    frame.append(this.build());
    frame.addEventListener('mousedown', (event) => {
      event.preventDefault();
      const cell = (event.target as Element).closest('[data-offset]');
      const offset = Number(cell?.getAttribute('data-offset') ?? 0);
      view.dispatch({ selection: { anchor: view.posAtDOM(frame) + offset }, scrollIntoView: true });
      view.focus();
    });
    return frame;
  }

  override ignoreEvent(): boolean {
    return true;
  }
}

function alignments(delimiter: string): Align[] {
  const cells = delimiter.replace(/^\s*\|?|\|?\s*$/g, '').split('|');
  return cells.map((cell) => {
    const text = cell.trim();
    if (text.startsWith(':') && text.endsWith(':')) return 'center';
    if (text.endsWith(':')) return 'right';
    return text.startsWith(':') ? 'left' : null;
  });
}

function buildTable(state: EditorState, tree: Tree, from: number): HTMLElement {
  const table = document.createElement('table');
  const node = tableAt(tree, from);
  if (!node) return table;
  const delimiter = node.getChild('TableDelimiter');
  const aligned = delimiter ? alignments(state.sliceDoc(delimiter.from, delimiter.to)) : [];
  for (let row = node.firstChild; row; row = row.nextSibling) {
    if (row.name !== 'TableHeader' && row.name !== 'TableRow') continue;
    const line = (row.name === 'TableHeader' ? table.createTHead() : (table.tBodies[0] ?? table.createTBody())).insertRow();
    cellsOf(row).forEach(({ from: start, cell }, column) => {
      const box = document.createElement(row.name === 'TableHeader' ? 'th' : 'td');
      box.dataset['offset'] = String(start - from);
      const align = aligned[column];
      if (align) box.style.textAlign = align;
      if (cell) box.append(inlineContent(state, cell));
      line.append(box);
    });
  }
  return table;
}

/** The cells of a row, the empty ones (which the grammar leaves out) included. */
function cellsOf(row: SyntaxNode): { from: number; cell: SyntaxNode | null }[] {
  const cells: { from: number; cell: SyntaxNode | null }[] = [];
  let open: { from: number; cell: SyntaxNode | null } | null = null;
  for (let child = row.firstChild; child; child = child.nextSibling) {
    if (child.name === 'TableCell') {
      cells.push({ from: child.from, cell: child });
      open = null;
    } else {
      if (open) cells.push(open);
      open = { from: child.to, cell: null };
    }
  }
  return cells;
}

function tableAt(tree: Tree, from: number): SyntaxNode | null {
  for (let node: SyntaxNode | null = tree.resolveInner(from, 1); node; node = node.parent) {
    if (node.name === 'Table') return node;
  }
  return null;
}

/** Only tables of the top level: inside a list they stay text, set in a fixed width. */
function drawTables(state: EditorState): DecorationSet {
  const tree = syntaxTree(state);
  const found: Range<Decoration>[] = [];
  for (let node = tree.topNode.firstChild; node; node = node.nextSibling) {
    if (node.name !== 'Table' || node.to - node.from > MAX_LENGTH) continue;
    const { from, to } = node;
    if (isLineRevealed(state, from, to)) continue;
    const widget = new TableWidget(state.sliceDoc(from, to), () => buildTable(state, tree, from));
    found.push(Decoration.replace({ widget, block: true }).range(state.doc.lineAt(from).from, state.doc.lineAt(to).to));
  }
  return RangeSet.of(found);
}

const field = StateField.define<DecorationSet>({
  create: drawTables,
  update(drawn, transaction) {
    const { state, startState } = transaction;
    const same =
      !transaction.docChanged &&
      syntaxTree(startState) === syntaxTree(state) &&
      startState.field(revealField, false) === state.field(revealField);
    return same ? drawn : drawTables(state);
  },
  provide: (self) => EditorView.decorations.from(self),
});

export const tablePreview: Extension = field;
