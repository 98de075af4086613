/**
 * The reading view: keeps the rendered blocks of a document in step with its text. What did not change is not touched,
 * what is far from the screen is rendered when the browser has nothing better to do.
 */
import { Observable } from '@/core/sync/observable';
import { enhance } from './enhance';
import { isExternal } from './links';
import { renderBlock, type RenderWords } from './render-block';
import { ID_PREFIX } from './sanitize';
import { splitDocument, type Block, type Heading, type Split } from './split';

export interface PreviewOptions {
  /** Scrolls; the blocks go into `content`. */
  readonly scroller: HTMLElement;
  readonly content: HTMLElement;
  readonly words: RenderWords;
  /** A link inside the workspace was clicked. External ones open by themselves. */
  openLink: (href: string) => void;
  /** A task was clicked; the line counts from 0. */
  toggleTask: (line: number) => void;
}

interface Shown {
  block: Block;
  readonly element: HTMLElement;
  rendered: boolean;
}

const NEAR_PX = 800;
const FIRST_PAINT_MS = 12;
const IDLE_SLICE_MS = 8;
const LINE_PX = 26;
const CHARS_A_LINE = 75;

export class Preview {
  readonly headings = new Observable<readonly Heading[]>([]);
  readonly #options: PreviewOptions;
  readonly #near: IntersectionObserver;
  #shown: Shown[] = [];
  #split: Split = splitDocument('');
  #text: string | null = null;
  #writable = false;
  #idle: { cancel: () => void } | null = null;
  /** How long the last update took; big documents are updated less often. */
  #cost = 0;

  constructor(options: PreviewOptions) {
    this.#options = options;
    this.#near = new IntersectionObserver((entries) => this.#cameNear(entries), {
      root: options.scroller,
      rootMargin: `${NEAR_PX}px 0px`,
    });
    options.content.addEventListener('click', this.#onClick);
  }

  get scroller(): HTMLElement {
    return this.#options.scroller;
  }

  destroy(): void {
    this.#near.disconnect();
    this.#idle?.cancel();
    this.#options.content.removeEventListener('click', this.#onClick);
    this.#options.content.replaceChildren();
  }

  /** Milliseconds to wait before the next update, so that typing in a big document stays quick. */
  get restMs(): number {
    return this.#cost < 8 ? 0 : Math.min(600, this.#cost * 4);
  }

  setWritable(writable: boolean): void {
    this.#writable = writable;
    for (const { element } of this.#shown) this.#lockTasks(element);
  }

  update(text: string): void {
    if (text === this.#text) return;
    const started = performance.now();
    this.#text = text;
    const split = splitDocument(text);
    this.#split = split;
    this.#patch(split.blocks);
    this.#anchor();
    if (!sameHeadings(split.headings, this.headings.get())) this.headings.set(split.headings);
    this.#renderFirst(started);
    this.#cost = performance.now() - started;
    this.#renderIdly();
  }

  // --- blocks ---------------------------------------------------------------------------------------------------------

  #patch(blocks: readonly Block[]): void {
    const old = this.#shown;
    const least = Math.min(old.length, blocks.length);
    let head = 0;
    while (head < least && old[head]?.block.key === blocks[head]?.key) head += 1;
    let tail = 0;
    while (tail < least - head && old.at(-1 - tail)?.block.key === blocks.at(-1 - tail)?.key) tail += 1;

    const gone = old.slice(head, old.length - tail);
    const added = blocks.slice(head, blocks.length - tail).map((block, index) => this.#create(block, gone[index]));
    const before = old[old.length - tail]?.element ?? null;
    for (const { element } of gone) {
      this.#near.unobserve(element);
      element.remove();
    }
    for (const { element } of added) this.#options.content.insertBefore(element, before);
    this.#shown = [...old.slice(0, head), ...added, ...old.slice(old.length - tail)];
    this.#shown.forEach((shown, index) => {
      const block = blocks[index];
      if (block) shown.block = block;
    });
  }

  /** A block that takes the place of another is rendered at once, so that typing shows without a flicker. */
  #create(block: Block, replaced: Shown | undefined): Shown {
    const element = document.createElement('div');
    element.className = 'md-block';
    const shown: Shown = { block, element, rendered: false };
    if (replaced?.rendered) this.#render(shown);
    else {
      element.style.minHeight = `${estimatedHeight(block)}px`;
      this.#near.observe(element);
    }
    return shown;
  }

  #render(shown: Shown): void {
    if (shown.rendered) return;
    shown.rendered = true;
    this.#near.unobserve(shown.element);
    shown.element.style.minHeight = '';
    shown.element.replaceChildren(renderBlock(shown.block, this.#split, this.#options.words));
    this.#lockTasks(shown.element);
    this.#anchorBlock(shown);
    void enhance(shown.element, this.#options.words);
  }

  #renderFirst(started: number): void {
    const limit = this.#options.scroller.clientHeight * 2;
    let height = 0;
    for (const shown of this.#shown) {
      if (height > limit || performance.now() - started > FIRST_PAINT_MS) return;
      height += estimatedHeight(shown.block);
      this.#render(shown);
    }
  }

  #cameNear(entries: readonly IntersectionObserverEntry[]): void {
    const near = new Set(entries.filter((entry) => entry.isIntersecting).map((entry) => entry.target));
    if (near.size === 0) return;
    for (const shown of this.#shown) if (near.has(shown.element)) this.#render(shown);
  }

  /** In the end everything is rendered, so that the browser's own search finds it. */
  #renderIdly(): void {
    this.#idle?.cancel();
    this.#idle = null;
    let next = 0;
    const slice = () => {
      const until = performance.now() + IDLE_SLICE_MS;
      while (next < this.#shown.length && performance.now() < until) {
        const shown = this.#shown[next];
        next += 1;
        if (shown) this.#render(shown);
      }
      this.#idle = next < this.#shown.length ? whenIdle(slice) : null;
    };
    if (this.#shown.some((shown) => !shown.rendered)) this.#idle = whenIdle(slice);
  }

  #lockTasks(element: HTMLElement): void {
    for (const box of element.querySelectorAll<HTMLInputElement>('input.md-task')) box.disabled = !this.#writable;
  }

  /** Anchors depend on the headings before, so they are set anew without rendering anew. */
  #anchor(): void {
    for (const shown of this.#shown) if (shown.block.slug !== null && shown.rendered) this.#anchorBlock(shown);
  }

  #anchorBlock({ block, element }: Shown): void {
    const heading = block.slug === null ? null : element.firstElementChild;
    if (heading) heading.id = ID_PREFIX + (block.slug ?? '');
  }

  // --- clicks ---------------------------------------------------------------------------------------------------------

  readonly #onClick = (event: MouseEvent): void => {
    const target = event.target instanceof Element ? event.target : null;
    const box = target?.closest<HTMLInputElement>('input.md-task');
    if (box) {
      // The text decides what the box shows.
      event.preventDefault();
      const shown = this.#shown.find(({ element }) => element.contains(box));
      if (shown) this.#options.toggleTask(shown.block.startLine + Number(box.dataset['line']));
      return;
    }
    const href = target?.closest('a')?.getAttribute('href');
    if (href === null || href === undefined || isExternal(href) || event.button !== 0) return;
    event.preventDefault();
    if (href.startsWith('#')) this.goToFragment(href.slice(1));
    else this.#options.openLink(href);
  };

  /** Scrolls to a heading, a footnote or an anchor of the document; false when there is none. */
  goToFragment(fragment: string): boolean {
    const back = /^note-ref-(\d+)$/.exec(fragment);
    const wanted = safeDecode(fragment).toLowerCase();
    const find = () =>
      back
        ? this.#options.content.querySelector(`.md-note-ref a[href="#note-${back[1] ?? ''}"]`)
        : [...this.#options.content.querySelectorAll('[id], a[name]')].find(
            (element) => (element.id || element.getAttribute('name') || '').slice(ID_PREFIX.length).toLowerCase() === wanted,
          );
    const block = this.#shown.find((shown) => shown.block.slug === wanted);
    if (block) this.#render(block);
    let target = find();
    if (!target) {
      for (const shown of this.#shown) this.#render(shown);
      target = find();
    }
    target?.scrollIntoView({ block: 'start' });
    return target !== undefined && target !== null;
  }

  // --- scrolling by source line ---------------------------------------------------------------------------------------

  /** The source line at the top of the view, with fractions. */
  get topLine(): number {
    const { scroller } = this.#options;
    const top = scroller.getBoundingClientRect().top;
    const shown = this.#shown[this.#firstBelow(top)];
    if (!shown) return this.#shown.at(-1)?.block.endLine ?? 0;
    const box = shown.element.getBoundingClientRect();
    const share = box.height === 0 ? 0 : Math.min(1, Math.max(0, (top - box.top) / box.height));
    return shown.block.startLine + share * (shown.block.endLine - shown.block.startLine);
  }

  scrollToLine(line: number): void {
    const { scroller } = this.#options;
    if (line <= 0) {
      scroller.scrollTop = 0;
      return;
    }
    const index = this.#shown.findIndex(({ block }) => block.endLine > line);
    const shown = this.#shown[index] ?? this.#shown.at(-1);
    if (!shown) return;
    const { startLine, endLine } = shown.block;
    const share = endLine === startLine ? 0 : Math.min(1, Math.max(0, (line - startLine) / (endLine - startLine)));
    const box = shown.element.getBoundingClientRect();
    scroller.scrollTop += box.top + share * box.height - scroller.getBoundingClientRect().top;
  }

  #firstBelow(top: number): number {
    let low = 0;
    let high = this.#shown.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#shown[middle]?.element.getBoundingClientRect().bottom ?? 0) <= top) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function estimatedHeight({ source, startLine, endLine }: Block): number {
  return Math.max(endLine - startLine, source.length / CHARS_A_LINE, 1) * LINE_PX;
}

function sameHeadings(a: readonly Heading[], b: readonly Heading[]): boolean {
  return a.length === b.length && a.every((one, at) => one.text === b[at]?.text && one.level === b[at].level && one.line === b[at].line);
}

function whenIdle(run: () => void): { cancel: () => void } {
  if (typeof requestIdleCallback === 'function') {
    const id = requestIdleCallback(run, { timeout: 1000 });
    return { cancel: () => cancelIdleCallback(id) };
  }
  const id = setTimeout(run, 30);
  return { cancel: () => clearTimeout(id) };
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
