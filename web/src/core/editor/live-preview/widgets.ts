/** The few things live preview draws in place of text. */
import { WidgetType, type EditorView } from '@codemirror/view';
import { isSafeImage } from '@/core/render/links';

export interface WidgetWords {
  readonly taskDone: string;
  readonly taskOpen: string;
  readonly imageMissing: string;
}

export class RuleWidget extends WidgetType {
  override eq(): boolean {
    return true;
  }

  toDOM(): HTMLElement {
    const dom = document.createElement('span');
    dom.className = 'cm-md-rule';
    return dom;
  }
}

/** What stands before a list item's text: a bullet, or the box of a task. As wide as the marker it stands for. */
export class MarkerWidget extends WidgetType {
  /** @param task whether it is done, and where its `[ ]` starts after the marker; null for a plain item */
  constructor(
    readonly task: { readonly done: boolean; readonly offset: number } | null,
    readonly locked: boolean,
    readonly words: WidgetWords,
  ) {
    super();
  }

  override eq(other: MarkerWidget): boolean {
    return other.task?.done === this.task?.done && other.task?.offset === this.task?.offset && other.locked === this.locked;
  }

  toDOM(view: EditorView): HTMLElement {
    const frame = document.createElement('span');
    frame.className = 'cm-md-prefix cm-md-marker';
    if (this.task) frame.append(this.#box(view, frame, this.task));
    else frame.textContent = '•';
    return frame;
  }

  #box(view: EditorView, frame: HTMLElement, { done, offset }: { done: boolean; offset: number }): HTMLElement {
    const box = document.createElement('input');
    box.type = 'checkbox';
    box.className = 'md-task';
    box.checked = done;
    box.disabled = this.locked;
    box.tabIndex = -1;
    box.setAttribute('aria-label', done ? this.words.taskDone : this.words.taskOpen);
    // The text decides what the box shows, so the click only asks for the text to change.
    box.addEventListener('mousedown', (event) => event.preventDefault());
    box.addEventListener('click', (event) => {
      event.preventDefault();
      toggleTask(view, view.posAtDOM(frame) + offset);
    });
    return box;
  }

  override ignoreEvent(event: Event): boolean {
    return event.target instanceof HTMLInputElement;
  }
}

/** Flips the `[ ]` that starts at `pos`; does nothing when none stands there. */
export function toggleTask(view: EditorView, pos: number): void {
  const mark = view.state.sliceDoc(pos, pos + 3);
  if (view.state.readOnly || !/^\[[ xX]\]$/.test(mark)) return;
  view.dispatch({
    changes: { from: pos + 1, to: pos + 2, insert: mark[1] === ' ' ? 'x' : ' ' },
    userEvent: 'input.task',
  });
}

export class ImageWidget extends WidgetType {
  constructor(
    readonly src: string,
    readonly alt: string,
    readonly words: WidgetWords,
  ) {
    super();
  }

  override eq(other: ImageWidget): boolean {
    return other.src === this.src && other.alt === this.alt;
  }

  toDOM(view: EditorView): HTMLElement {
    const frame = document.createElement('span');
    frame.className = 'cm-md-image';
    const fail = () => {
      frame.classList.add('cm-md-image-missing');
      frame.textContent = `${this.words.imageMissing} ${this.alt || this.src}`;
      view.requestMeasure();
    };
    if (!isSafeImage(this.src)) {
      fail();
      return frame;
    }
    const image = document.createElement('img');
    image.alt = this.alt;
    image.referrerPolicy = 'no-referrer';
    image.onload = () => view.requestMeasure();
    image.onerror = fail;
    image.src = this.src;
    frame.append(image);
    return frame;
  }

  override ignoreEvent(): boolean {
    return false;
  }
}
