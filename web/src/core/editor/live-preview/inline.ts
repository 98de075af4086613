/** Decorations for what is on screen: line styles, hidden marks and small widgets. Never looks beyond the viewport. */
import { syntaxTree } from '@codemirror/language';
import { RangeSet, type EditorState, type Range } from '@codemirror/state';
import { Decoration, ViewPlugin, type DecorationSet, type EditorView, type ViewUpdate } from '@codemirror/view';
import type { SyntaxNode, SyntaxNodeRef } from '@lezer/common';
import { deadLinks, isDeadLink } from '../dead-links';
import { isLineRevealed, isRevealed, revealField } from './reveal';
import { ImageWidget, MarkerWidget, RuleWidget, type WidgetWords } from './widgets';

const MAX_HANG = 24;

// Made invisible rather than replaced: a replaced range is a place where the browser may break the line.
const hidden = Decoration.mark({ class: 'cm-md-hidden' });
const rule = Decoration.replace({ widget: new RuleWidget() });
const footnote = Decoration.mark({ class: 'cm-md-footnote' });
const linkText = Decoration.mark({ class: 'cm-md-link-text' });
const bareAddress = Decoration.mark({ class: 'cm-md-link-text cm-md-address' });
const deadLinkText = Decoration.mark({ class: 'cm-md-link-text cm-md-link-dead' });
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
  const dead = target.name === 'URL' && isDeadLink(state, bareUrl(state, target));
  builder.add(dead ? deadLinkText : linkText, open.to, Math.max(open.to, close.from));
  if (isRevealed(state, node.from, node.to)) return undefined;
  builder.hide(open.from, open.to);
  builder.hide(close.from, node.to);
  return undefined;
};

const bareUrl = (state: EditorState, { from, to }: SyntaxNode): string => state.sliceDoc(from, to).replace(/^<|>$/g, '');

/** An address that stands for itself, in the text or in angle brackets. */
const address: Handler = (builder, node) => {
  const parent = node.node.parent?.name;
  if (parent !== 'Link' && parent !== 'Image' && parent !== 'LinkReference') builder.add(bareAddress, node.from, node.to);
  return undefined;
};

const image: Handler = (builder, node) => {
  const { state } = builder;
  const url = node.node.getChild('URL');
  const [open, close] = node.node.getChildren('LinkMark');
  if (!url || !open || !close || isLineRevealed(state, node.from, node.to)) return undefined;
  if (state.doc.lineAt(node.from).to < node.to) return undefined;
  const widget = new ImageWidget(bareUrl(state, url), state.sliceDoc(open.to, close.from), builder.words);
  builder.add(Decoration.replace({ widget }), node.from, node.to);
  return false;
};

/** The marker stands in a box of steady width, written or drawn, and the item's text hangs from it. */
const listItem: Handler = (builder, node) => {
  const { state } = builder;
  const { doc } = state;
  const mark = node.node.getChild('ListMark');
  if (!mark) return undefined;
  const first = doc.lineAt(node.from);
  const start = /^\s*$/.test(state.sliceDoc(first.from, node.from)) ? first.from : node.from;
  const task = mark.nextSibling?.name === 'Task' ? mark.nextSibling : null;
  const box = task?.getChild('TaskMarker') ?? null;
  const end = skipSpace(state, box ? box.to : mark.to);
  const width = Math.min(MAX_HANG, Math.max(2, box ? mark.to + 2 - start : end - start));
  builder.add(line(`cm-md-hang cm-md-hang-${width}`), first.from);

  const isDone = box !== null && /[xX]/.test(state.sliceDoc(box.from, box.to));
  if (task && isDone && end < task.to) builder.add(done, end, task.to);
  const drawn = box !== null || node.node.parent?.name === 'BulletList';
  if (drawn && !isRevealed(state, start, end)) {
    const widget = new MarkerWidget(box && { done: isDone, offset: box.from - start }, state.readOnly, builder.words);
    builder.add(Decoration.replace({ widget }), start, end);
  } else builder.add(prefix, start, end);
  hangRest(builder, task ?? node.node.getChild('Paragraph'), width);
  return undefined;
};

/** The further lines of an item's first paragraph stand under its text, indented in the source or not. */
function hangRest(builder: Builder, paragraph: SyntaxNode | null, width: number): void {
  if (!paragraph) return;
  const { doc } = builder.state;
  const last = Math.min(paragraph.to, builder.to);
  for (let pos = doc.lineAt(paragraph.from).to + 1; pos <= last; ) {
    const at = doc.lineAt(pos);
    const indent = /^\s*/.exec(at.text)?.[0].length ?? 0;
    builder.add(line(`cm-md-hang cm-md-hang-${width}${indent === 0 ? ' cm-md-hang-flat' : ''}`), at.from);
    if (indent > 0) builder.add(prefix, at.from, at.from + indent);
    pos = at.to + 1;
  }
}

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
  URL: address,
  Autolink: hideMarks('LinkMark'),
  Image: image,
  ListItem: listItem,
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
          startState.field(revealField, false) !== state.field(revealField) ||
          startState.readOnly !== state.readOnly ||
          startState.field(deadLinks, false) !== state.field(deadLinks, false) ||
          syntaxTree(startState) !== syntaxTree(state)
        ) {
          this.decorations = decorate(update.view, words);
        }
      }
    },
    { decorations: (plugin) => plugin.decorations },
  );
