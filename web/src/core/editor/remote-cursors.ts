/**
 * Carets and selections of the others, drawn in layers beside the text: no widget stands in it, so nothing moves, and
 * nothing a peer sends reaches a style. The colour comes from the page, by the user whom the server vouched for.
 */
import { EditorSelection, type Extension } from '@codemirror/state';
import { layer, RectangleMarker, type EditorView, type LayerMarker, type ViewUpdate } from '@codemirror/view';
import { peersField, type Peer } from './presence';

/** Farther than this the caret jumps: sliding across half the page says nothing. */
const SLIDE_WITHIN_PX = 400;

class Caret implements LayerMarker {
  constructor(
    readonly peer: Peer,
    readonly color: string,
    readonly left: number,
    readonly top: number,
    readonly height: number,
  ) {}

  eq(other: LayerMarker): boolean {
    return (
      other instanceof Caret &&
      other.peer.client === this.peer.client &&
      other.peer.moves === this.peer.moves &&
      other.peer.name === this.peer.name &&
      other.left === this.left &&
      other.top === this.top &&
      other.height === this.height
    );
  }

  draw(): HTMLElement {
    const caret = document.createElement('div');
    caret.className = 'cm-peer-caret';
    this.#place(caret);
    caret.append(this.#label());
    return caret;
  }

  /** Reuses the element, so that the move can be animated; the layer offers any caret's, hence the check. */
  update(dom: HTMLElement, previous: LayerMarker): boolean {
    if (!(previous instanceof Caret) || previous.peer.client !== this.peer.client) return false;
    const distance = Math.abs(previous.left - this.left) + Math.abs(previous.top - this.top);
    dom.classList.toggle('cm-peer-slides', distance <= SLIDE_WITHIN_PX);
    this.#place(dom);
    // A new element starts the label's fading over. A caret that was only carried along keeps the old one.
    if (previous.peer.moves !== this.peer.moves) dom.replaceChildren(this.#label());
    return true;
  }

  #place(dom: HTMLElement): void {
    dom.style.transform = `translate(${this.left}px, ${this.top}px)`;
    dom.style.height = `${this.height}px`;
    dom.style.setProperty('--peer', this.color);
  }

  #label(): HTMLElement {
    const label = document.createElement('div');
    label.className = 'cm-peer-label';
    label.textContent = this.peer.name;
    return label;
  }
}

class Selection extends RectangleMarker {
  readonly #color: string;

  constructor(from: RectangleMarker, color: string) {
    super('cm-peer-selection', from.left, from.top, from.width, from.height);
    this.#color = color;
  }

  override draw(): HTMLDivElement {
    const dom = super.draw();
    dom.style.setProperty('--peer', this.#color);
    return dom;
  }

  override update(dom: HTMLElement, previous: RectangleMarker): boolean {
    return previous instanceof Selection && previous.#color === this.#color && super.update(dom, previous);
  }

  override eq(other: RectangleMarker): boolean {
    return other instanceof Selection && other.#color === this.#color && super.eq(other);
  }
}

type ColorOf = (userId: string) => string;

/** In a steady order, so that each caret finds its own element again. */
const peersIn = (view: EditorView): Peer[] =>
  [...view.state.field(peersField).values()].sort((a, b) => a.client - b.client);

function carets(view: EditorView, colorOf: ColorOf): Caret[] {
  return peersIn(view).flatMap((peer) => {
    const [place] = RectangleMarker.forRange(view, '', EditorSelection.cursor(peer.head));
    return place ? [new Caret(peer, colorOf(peer.userId), place.left, place.top, place.height)] : [];
  });
}

function selections(view: EditorView, colorOf: ColorOf): Selection[] {
  return peersIn(view).flatMap((peer) => {
    if (peer.anchor === peer.head) return [];
    const range = EditorSelection.range(peer.anchor, peer.head);
    return RectangleMarker.forRange(view, '', range).map((part) => new Selection(part, colorOf(peer.userId)));
  });
}

export function remoteCursors(colorOf: ColorOf): Extension {
  const changed = {
    update: (update: ViewUpdate) =>
      update.docChanged || update.startState.field(peersField) !== update.state.field(peersField),
  };
  return [
    layer({ above: true, class: 'cm-peer-carets', markers: (view) => carets(view, colorOf), ...changed }),
    layer({ above: false, class: 'cm-peer-selections', markers: (view) => selections(view, colorOf), ...changed }),
  ];
}
