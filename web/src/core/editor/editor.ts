/** The editor of a document: CodeMirror on the shared text, in source or live preview. */
import { closeSearchPanel, openSearchPanel, search, searchPanelOpen } from '@codemirror/search';
import { Compartment, EditorState, type Extension } from '@codemirror/state';
import { drawSelection, dropCursor, EditorView, placeholder, type Command } from '@codemirror/view';
import { yCollab } from 'y-codemirror.next';
import type { Replica } from '@/core/sync';
import { alignOnLeaving } from './commands/tables';
import { editorKeys } from './commands/keymap';
import { deadLinks, setDeadLinks, type IsDead } from './dead-links';
import { direction } from './direction';
import { follow, followed, following } from './follow';
import { inputFilter } from './input-filter';
import { markdownSupport } from './language';
import { livePreview, type WidgetWords } from './live-preview';
import { pasting } from './paste';
import { presence } from './presence';
import { remoteCursors } from './remote-cursors';
import { openLinks } from './open-links';
import { sizeLimit, type SizeLimit } from './size-limit';
import { dispatchSteadily } from './steady';

export interface EditorWords extends WidgetWords {
  readonly label: string;
  readonly placeholder: string;
  /** CodeMirror's own words and what they are here; see its search panel. */
  readonly phrases: Readonly<Record<string, string>>;
}

export interface EditorOptions {
  readonly parent: HTMLElement;
  readonly replica: Replica;
  readonly readOnly: boolean;
  readonly live: boolean;
  readonly words: EditorWords;
  readonly sizeLimit?: SizeLimit;
  /** The colour of a person, as a CSS value. */
  colorOf: (userId: string) => string;
  openLink: (href: string) => void;
  onScroll?: () => void;
  onFollow?: (client: number | null) => void;
}

/** Lines with fractions: 12.5 is the middle of the 13th. */
export type LinePosition = number;

export class DocumentEditor {
  readonly view: EditorView;
  readonly #mode = new Compartment();
  readonly #access = new Compartment();
  readonly #words: EditorWords;

  constructor(options: EditorOptions) {
    const { replica, words } = options;
    this.#words = words;
    // State and binding in one go: text that arrives between the two would be missing from the one or the other.
    const state = EditorState.create({
      doc: replica.text.toJSON(),
      extensions: [
        inputFilter,
        EditorState.allowMultipleSelections.of(true),
        EditorState.phrases.of(words.phrases),
        editorKeys,
        options.sizeLimit ? sizeLimit(options.sizeLimit) : [],
        pasting,
        markdownSupport(),
        yCollab(replica.text, null, { undoManager: replica.undo }),
        presence(replica.awareness, replica.text),
        remoteCursors(options.colorOf),
        following,
        alignOnLeaving(),
        openLinks(options.openLink),
        deadLinks,
        search({ top: true }),
        drawSelection(),
        dropCursor(),
        placeholder(words.placeholder),
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ 'aria-label': words.label, spellcheck: 'true', autocapitalize: 'sentences', dir: 'auto', tabindex: '0' }),
        direction,
        this.#mode.of(this.#modeExtension(options.live)),
        this.#access.of(accessExtension(options.readOnly)),
        listeners(options),
      ],
    });
    this.view = new EditorView({ state, parent: options.parent, dispatchTransactions: dispatchSteadily });
  }

  setLive(live: boolean): void {
    this.view.dispatch({ effects: this.#mode.reconfigure(this.#modeExtension(live)) });
  }

  setReadOnly(readOnly: boolean): void {
    if (this.view.state.readOnly !== readOnly) {
      this.view.dispatch({ effects: this.#access.reconfigure(accessExtension(readOnly)) });
    }
  }

  setDeadLinks(isDead: IsDead): void {
    this.view.dispatch({ effects: setDeadLinks.of(isDead) });
  }

  follow(client: number | null): void {
    this.view.dispatch({ effects: follow.of(client) });
  }

  run(command: Command): void {
    command(this.view);
    this.view.focus();
  }

  toggleSearch(): void {
    if (searchPanelOpen(this.view.state)) closeSearchPanel(this.view);
    else openSearchPanel(this.view);
  }

  get topLine(): LinePosition {
    const { view } = this;
    const top = view.scrollDOM.scrollTop - view.documentPadding.top;
    const block = view.lineBlockAtHeight(Math.max(0, top));
    const first = view.state.doc.lineAt(block.from).number;
    const last = view.state.doc.lineAt(block.to).number;
    const share = block.height === 0 ? 0 : Math.min(1, Math.max(0, (top - block.top) / block.height));
    return first - 1 + share * (last - first + 1);
  }

  scrollToLine(position: LinePosition): void {
    const { view } = this;
    if (position <= 0) {
      view.scrollDOM.scrollTop = 0;
      return;
    }
    const number = Math.min(view.state.doc.lines, Math.max(1, Math.floor(position) + 1));
    const block = view.lineBlockAt(view.state.doc.line(number).from);
    const first = view.state.doc.lineAt(block.from).number;
    const last = view.state.doc.lineAt(block.to).number;
    const share = (position - (first - 1)) / (last - first + 1);
    view.scrollDOM.scrollTop = block.top + view.documentPadding.top + share * block.height;
    // Before the browser has said that the editor is in sight CodeMirror overhears that it was scrolled, and would draw nothing there.
    view.requestMeasure();
  }

  /** Puts the cursor at the start of a line (counted from 0) and shows it near the top. */
  goToLine(line: number): void {
    const { view } = this;
    const { from } = view.state.doc.line(Math.min(view.state.doc.lines, line + 1));
    view.dispatch({ selection: { anchor: from }, effects: EditorView.scrollIntoView(from, { y: 'start', yMargin: 24 }) });
    view.focus();
  }

  destroy(): void {
    this.view.destroy();
  }

  #modeExtension(live: boolean): Extension {
    const mode = EditorView.editorAttributes.of({ class: live ? 'cm-live' : 'cm-source' });
    return live ? [mode, livePreview(this.#words)] : mode;
  }
}

const accessExtension = (readOnly: boolean): Extension => [
  EditorState.readOnly.of(readOnly),
  // Still focusable, so that text can be selected and searched with the keyboard.
  EditorView.contentAttributes.of({ 'aria-readonly': String(readOnly) }),
  EditorView.editorAttributes.of({ class: readOnly ? 'cm-readonly' : '' }),
];

const listeners = (options: EditorOptions): Extension => [
  EditorView.updateListener.of((update) => {
    const client = update.state.field(followed);
    if (client !== update.startState.field(followed)) options.onFollow?.(client);
  }),
  EditorView.domEventObservers({ scroll: () => options.onScroll?.() }),
];
