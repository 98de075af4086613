/** Decorations for what is on screen: line styles, hidden marks and small widgets. Never looks beyond the viewport. */
import { syntaxTree } from '@codemirror/language';
import { RangeSet, type EditorState, type Range } from '@codemirror/state';
import { Decoration, ViewPlugin, type DecorationSet, type EditorView, type ViewUpdate } from '@codemirror/view';
import type { SyntaxNode, SyntaxNodeRef } from '@lezer/common';
import { isLineRevealed, isRevealed, revealField } from './reveal';
import { BulletWidget, ImageWidget, RuleWidget, TaskWidget, type WidgetWords } from './widgets';

const MAX_HANG = 24;

const hidden = Decoration.replace({});
const bullet = Decoration.replace({ widget: new BulletWidget() });
const rule = Decoration.replace({ widget: new RuleWidget() });
const footnote = Decoration.mark({ class: 'cm-md-footnote' });
const linkText = Decoration.mark({ class: 'cm-md-link-text' });
const prefix = Decoration.mark({ class: 'cm-md-prefix' });
const done = Decoration.mark({ class: 'cm-md-done' });

const lines = new Map<string, Decoration>();
function line(name: string): Decoration {
  let found = lines.get(name);
  if (!found) lines.set(name, (found = Decoration.line({ class: name })));
  return found;
}

class Builder {
  readonly #ranges: Range<Decoration>[] = [];

  constructor(
    readonly state: EditorState,
    readonly from: number,
    readonly to: number,
    readonly words: WidgetWords,
  ) {}

  get set(): DecorationSet {
    return RangeSet.of(this.#ranges, true);
  }

  add(decoration: Decoration, from: number, to = from): void {
    this.#ranges.push(decoration.range(from, to));
  }

  hide(from: number, to: number): void {
    if (from < to) this.add(hidden, from, to);
  }

  /** Styles every line of the node that is on screen. */
  lines(node: SyntaxNodeRef, name: string, ends?: { first: string; last: string }): void {
    const { doc } = this.state;
    const firstOfNode = doc.lineAt(node.from).from;
    const lastOfNode = doc.lineAt(Math.max(node.from, node.to)).from;
    for (let pos = Math.max(firstOfNode, doc.lineAt(Math.max(node.from, this.from)).from); pos <= Math.min(node.to, this.to); ) {
      const at = doc.lineAt(pos);
      this.add(line(name), at.from);
      if (ends && at.from === firstOfNode) this.add(line(ends.first), at.from);
      if (ends && at.from === lastOfNode) this.add(line(ends.last), at.from);
      pos = at.to + 1;
    }
  }
}

type Handler = (builder: Builder, node: SyntaxNodeRef) => boolean | undefined;

/** Hides the marks at both ends of a span unless the cursor touches it. */
const hideMarks =
  (mark: string): Handler =>
  (builder, node) => {
    if (!isRevealed(builder.state, node.from, node.to)) {
      for (const child of node.node.getChildren(mark)) builder.hide(child.from, child.to);
    }
    return undefined;
  };

const heading =
  (level: number): Handler =>
  (builder, node) => {
    builder.lines(node, `cm-md-h cm-md-h${level}`);
    if (isLineRevealed(builder.state, node.from, node.to)) return undefined;
    for (const mark of node.node.getChildren('HeaderMark')) {
      if (mark.from === node.from) builder.hide(mark.from, Math.min(skipSpace(builder.state, mark.to), node.to));
      else if (node.name.startsWith('ATX')) builder.hide(mark.from, mark.to);
    }
    return undefined;
  };

function skipSpace(state: EditorState, pos: number): number {
  const end = state.doc.lineAt(pos).to;
  let at = pos;
  while (at < end && state.sliceDoc(at, at + 1) === ' ') at += 1;
  return at;
}

const link: Handler = (builder, node) => {
  const { state } = builder;
  if (state.sliceDoc(node.from, node.from + 2) === '[^') {
    builder.add(footnote, node.from, node.to);
    return false;
  }
  const [open, close] = node.node.getChildren('LinkMark');
  const target = node.node.getChild('URL') ?? node.node.getChild('LinkLabel');
  // `[like this]` without an address may be a reference or may be plain brackets: it stays as it is written.
  if (!open || !close || !target) return undefined;
  builder.add(linkText, open.to, Math.max(open.to, close.from));
  if (isRevealed(state, node.from, node.to)) return undefined;
  builder.hide(open.from, open.to);
  builder.hide(close.from, node.to);
  return undefined;
};

const image: Handler = (builder, node) => {
  const { state } = builder;
  const url = node.node.getChild('URL');
  const [open, close] = node.node.getChildren('LinkMark');
  if (!url || !open || !close || isLineRevealed(state, node.from, node.to)) return undefined;
  if (state.doc.lineAt(node.from).to < node.to) return undefined;
  const src = state.sliceDoc(url.from, url.to).replace(/^<|>$/g, '');
  const widget = new ImageWidget(src, state.sliceDoc(open.to, close.from), builder.words);
  builder.add(Decoration.replace({ widget }), node.from, node.to);
  return false;
};

/** The marker stands in a box of steady width, written or drawn, and the item's text hangs from it. */
const listItem: Handler = (builder, node) => {
  const { state } = builder;
  const first = state.doc.lineAt(node.from);
  const mark = node.node.getChild('ListMark');
  if (!mark) return undefined;
  const start = first.text.slice(0, node.from - first.from).trim() === '' ? first.from : node.from;
  const box = nextTask(mark);
  const end = skipSpace(state, box ? box.to : mark.to);
  const width = Math.min(MAX_HANG, box ? mark.to + 1 - start : end - start);
  builder.add(line(`cm-md-hang cm-md-hang-${Math.max(2, width)}`), first.from);
  builder.add(prefix, start, end);
  return undefined;
};

const listMark: Handler = (builder, node) => {
  const { state } = builder;
  const parent = node.node.parent?.parent;
  if (parent?.name !== 'BulletList' || isRevealed(state, node.from, node.to)) return undefined;
  // A task shows its box alone.
  const task = nextTask(node.node);
  if (task) builder.hide(node.from, task.from);
  else builder.add(bullet, node.from, node.to);
  return undefined;
};

const nextTask = (mark: SyntaxNode): SyntaxNode | null => {
  const next = mark.nextSibling;
  return next?.name === 'Task' ? next.getChild('TaskMarker') : null;
};

const task: Handler = (builder, node) => {
  const { state } = builder;
  const mark = node.node.getChild('TaskMarker');
  if (!mark) return undefined;
  const isDone = /[xX]/.test(state.sliceDoc(mark.from, mark.to));
  const widget = new TaskWidget(isDone, state.readOnly, builder.words);
  if (!isRevealed(state, mark.from, mark.to)) builder.add(Decoration.replace({ widget }), mark.from, mark.to);
  if (isDone && mark.to < node.to) builder.add(done, mark.to, node.to);
  return undefined;
};

const quoteMark: Handler = (builder, node) => {
  if (!isLineRevealed(builder.state, node.from, node.to)) {
    builder.hide(node.from, Math.min(skipSpace(builder.state, node.to), node.to + 1));
  }
  return undefined;
};

const fenced: Handler = (builder, node) => {
  builder.lines(node, 'cm-md-fence', { first: 'cm-md-fence-first', last: 'cm-md-fence-last' });
  return undefined;
};

const horizontalRule: Handler = (builder, node) => {
  if (!isLineRevealed(builder.state, node.from, node.to)) builder.add(rule, node.from, node.to);
  return undefined;
};

const wholeLines =
  (name: string): Handler =>
  (builder, node) => {
    builder.lines(node, name);
    return undefined;
  };

const handlers: Readonly<Record<string, Handler>> = {
  ATXHeading1: heading(1),
  ATXHeading2: heading(2),
  ATXHeading3: heading(3),
  ATXHeading4: heading(4),
  ATXHeading5: heading(5),
  ATXHeading6: heading(6),
  SetextHeading1: heading(1),
  SetextHeading2: heading(2),
  Emphasis: hideMarks('EmphasisMark'),
  StrongEmphasis: hideMarks('EmphasisMark'),
  Strikethrough: hideMarks('StrikethroughMark'),
  InlineCode: hideMarks('CodeMark'),
  Link: link,
  Image: image,
  ListItem: listItem,
  ListMark: listMark,
  Task: task,
  Blockquote: wholeLines('cm-md-blockquote'),
  QuoteMark: quoteMark,
  FencedCode: fenced,
  CodeBlock: wholeLines('cm-md-fence'),
  HTMLBlock: wholeLines('cm-md-html'),
  CommentBlock: wholeLines('cm-md-html'),
  FrontMatter: wholeLines('cm-md-front-matter'),
  Table: wholeLines('cm-md-table'),
  HorizontalRule: horizontalRule,
};

function decorate(view: EditorView, words: WidgetWords): DecorationSet {
  const { state } = view;
  const tree = syntaxTree(state);
  const sets = view.visibleRanges.map(({ from, to }) => {
    const builder = new Builder(state, from, to, words);
    tree.iterate({ from, to, enter: (node) => handlers[node.name]?.(builder, node) });
    return builder.set;
  });
  return sets.length === 1 && sets[0] ? sets[0] : RangeSet.join(sets);
}

export const inlinePreview = (words: WidgetWords) =>
  ViewPlugin.fromClass(
    class {
      decorations: DecorationSet;

      constructor(view: EditorView) {
        this.decorations = decorate(view, words);
      }

      update(update: ViewUpdate): void {
        const { state, startState } = update;
        if (
          update.docChanged ||
          update.viewportChanged ||
          startState.field(revealField) !== state.field(revealField) ||
          startState.readOnly !== state.readOnly ||
          syntaxTree(startState) !== syntaxTree(state)
        ) {
          this.decorations = decorate(update.view, words);
        }
      }
    },
    { decorations: (plugin) => plugin.decorations },
  );
