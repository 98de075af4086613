/**
 * The reading view: keeps the rendered blocks of a document in step with its text. What did not change is not touched,
 * what is far from the screen is rendered when the browser has nothing better to do.
 */
import { enhance } from './enhance';
import { isExternal } from './links';
import { isLong, LongSplitter } from './long-text';
import { Parts } from './parts';
import { renderBlock, type RenderWords } from './render-block';
import { ID_PREFIX } from './sanitize';
import { splitDocument, type Block, type RenderContext } from './split';
import { splitChange, type SplitChange } from './split-change';

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
  startLine: number;
  endLine: number;
  slug: string | null;
  readonly element: HTMLElement;
  rendered: boolean;
}

const NEAR_PX = 800;
const FIRST_PAINT_MS = 12;
const IDLE_SLICE_MS = 8;
const LINE_PX = 26;
const CHARS_A_LINE = 75;

export class Preview {
  readonly #options: PreviewOptions;
  readonly #near: IntersectionObserver;
  readonly #parts: Parts;
  readonly #shownBy = new WeakMap<Element, Shown>();
  readonly #far = new LongSplitter(
    (change) => this.#apply(change),
    () => this.#splitHere(),
  );
  #shown: Shown[] = [];
  #context: RenderContext = { references: {}, notes: new Map(), noteList: [] };
  #text: string | null = null;
  #writable = false;
  #isDead: (href: string) => boolean = () => false;
  #idle: { cancel: () => void } | null = null;
  /** How long the last update took; what takes long is updated less often. */
  #cost = 0;
  #height = 0;

  constructor(options: PreviewOptions) {
    this.#options = options;
    // A part at a time: for each of a hundred thousand blocks the browser would find out at every frame whether it is near.
    this.#near = new IntersectionObserver((entries) => this.#cameNear(entries), {
      root: options.scroller,
      rootMargin: `${NEAR_PX}px 0px`,
    });
    this.#parts = new Parts(options.content, {
      heightOf: (element) => {
        const shown = this.#shownBy.get(element);
        return shown ? estimatedHeight(shown.block) : 0;
      },
      changed: (part) => this.#watch(part),
      gone: (part) => this.#near.unobserve(part),
    });
    options.content.addEventListener('click', this.#onClick);
  }

  get scroller(): HTMLElement {
    return this.#options.scroller;
  }

  destroy(): void {
    this.#far.end();
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

  /** @param isDead whether a link leads to no document: these are marked */
  setDeadLinks(isDead: (href: string) => boolean): void {
    this.#isDead = isDead;
    this.#markLinks(this.#options.content);
  }

  /** Shows `text`: at once, but a long one that has been shown before a little later. */
  update(text: string): void {
    if (text === this.#text) return;
    this.#text = text;
    if (isLong(text) && this.#far.begun) this.#far.next(text);
    else this.#splitHere();
  }

  #splitHere(): void {
    const started = performance.now();
    const text = this.#text ?? '';
    const split = splitDocument(text);
    const before = { blocks: this.#shown.map(({ block, slug }) => ({ ...block, slug })), contextKey: null };
    this.#apply(splitChange(before, split), started);
    if (isLong(text)) this.#far.begin(text);
    else this.#far.end();
  }

  #apply(change: SplitChange, started = performance.now()): void {
    if (change.context) this.#context = change.context;
    this.#patch(change);
    if (change.slugs) this.#anchor();
    this.#renderFirst(started);
    this.#cost = performance.now() - started;
    this.#renderIdly();
  }

  // --- blocks ---------------------------------------------------------------------------------------------------------

  #patch({ head, tail, added, lines, slugs }: SplitChange): void {
    const old = this.#shown;
    const gone = old.slice(head, old.length - tail);
    const made = added.map((block, index) => this.#create(block, gone[index]));
    const before = old[old.length - tail]?.element ?? null;
    this.#parts.remove(gone.map(({ element }) => element));
    this.#parts.insert(
      made.map(({ element }) => element),
      before,
    );
    this.#shown = [...old.slice(0, head), ...made, ...old.slice(old.length - tail)];
    this.#shown.forEach((shown, index) => {
      shown.startLine = lines[index * 2] ?? 0;
      shown.endLine = lines[index * 2 + 1] ?? 0;
      if (slugs) shown.slug = slugs[index] ?? null;
    });
  }

  /** A block that takes the place of another is rendered at once, so that typing shows without a flicker. */
  #create(block: Block, replaced: Shown | undefined): Shown {
    const element = document.createElement('div');
    element.className = 'md-block';
    const { startLine, endLine, slug } = block;
    const shown: Shown = { block, startLine, endLine, slug, element, rendered: false };
    this.#shownBy.set(element, shown);
    if (replaced?.rendered) this.#render(shown);
    else element.style.minHeight = `${estimatedHeight(block)}px`;
    return shown;
  }

  #render(shown: Shown): void {
    if (shown.rendered) return;
    shown.rendered = true;
    shown.element.style.minHeight = '';
    shown.element.replaceChildren(renderBlock(shown.block, this.#context, this.#options.words));
    this.#lockTasks(shown.element);
    this.#markLinks(shown.element);
    this.#anchorBlock(shown);
    void enhance(shown.element, this.#options.words);
  }

  #renderFirst(started: number): void {
    if (this.#shown.every(({ rendered }) => rendered)) return;
    // Asking makes the browser lay everything out, so it is asked once.
    this.#height ||= this.#options.scroller.clientHeight;
    const limit = this.#height * 2;
    let height = 0;
    for (const shown of this.#shown) {
      if (height > limit || performance.now() - started > FIRST_PAINT_MS) return;
      height += estimatedHeight(shown.block);
      this.#render(shown);
    }
  }

  #cameNear(entries: readonly IntersectionObserverEntry[]): void {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      for (const element of target.children) {
        const shown = this.#shownBy.get(element);
        if (shown) this.#render(shown);
      }
      this.#near.unobserve(target);
    }
  }

  /** Watched anew, a part that is near already is heard of once more: it holds blocks that it did not hold before. */
  #watch(part: Element): void {
    this.#near.unobserve(part);
    if ([...part.children].some((element) => this.#shownBy.get(element)?.rendered === false)) this.#near.observe(part);
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

  #markLinks(element: HTMLElement): void {
    for (const link of element.querySelectorAll<HTMLAnchorElement>('a[href]:not([target])')) {
      const dead = this.#isDead(link.getAttribute('href') ?? '');
      if (dead === link.classList.contains('md-link-dead')) continue;
      link.classList.toggle('md-link-dead', dead);
      if (dead && !link.title) link.title = this.#options.words.linkDead;
      else if (!dead && link.title === this.#options.words.linkDead) link.removeAttribute('title');
    }
  }

  /** Anchors depend on the headings before, so they are set anew without rendering anew. */
  #anchor(): void {
    for (const shown of this.#shown) if (shown.slug !== null && shown.rendered) this.#anchorBlock(shown);
  }

  #anchorBlock({ slug, element }: Shown): void {
    if (slug === null) return;
    const headings = element.querySelectorAll('.md-heading');
    slug.split('\n').forEach((anchor, index) => headings[index] && (headings[index].id = ID_PREFIX + anchor));
  }

  // --- clicks ---------------------------------------------------------------------------------------------------------

  readonly #onClick = (event: MouseEvent): void => {
    const target = event.target instanceof Element ? event.target : null;
    const box = target?.closest<HTMLInputElement>('input.md-task');
    if (box) {
      // The text decides what the box shows.
      event.preventDefault();
      const shown = this.#shown.find(({ element }) => element.contains(box));
      if (shown) this.#options.toggleTask(shown.startLine + Number(box.dataset['line']));
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
    const block = this.#shown.find((shown) => shown.slug?.split('\n').includes(wanted));
    if (block) this.#render(block);
    let target = find();
    if (!target) {
      for (const shown of this.#shown) this.#render(shown);
      target = find();
    }
    for (let box = target?.closest('details'); box; box = box.parentElement?.closest('details')) box.open = true;
    target?.scrollIntoView({ block: 'start' });
    return target !== undefined && target !== null;
  }

  // --- scrolling by source line ---------------------------------------------------------------------------------------

  /** The source line at the top of the view, with fractions. */
  get topLine(): number {
    const { scroller } = this.#options;
    const top = scroller.getBoundingClientRect().top;
    const element = this.#parts.firstBelow(top);
    const shown = element && this.#shownBy.get(element);
    if (!shown) return this.#shown.at(-1)?.endLine ?? 0;
    const box = shown.element.getBoundingClientRect();
    const share = box.height === 0 ? 0 : Math.min(1, Math.max(0, (top - box.top) / box.height));
    return shown.startLine + share * (shown.endLine - shown.startLine);
  }

  scrollToLine(line: number): void {
    const { scroller } = this.#options;
    if (line <= 0) {
      scroller.scrollTop = 0;
      return;
    }
    const index = this.#shown.findIndex(({ endLine: end }) => end > line);
    const shown = this.#shown[index] ?? this.#shown.at(-1);
    if (!shown) return;
    const { startLine, endLine } = shown;
    const share = endLine === startLine ? 0 : Math.min(1, Math.max(0, (line - startLine) / (endLine - startLine)));
    const box = shown.element.getBoundingClientRect();
    scroller.scrollTop += box.top + share * box.height - scroller.getBoundingClientRect().top;
  }
}

function estimatedHeight({ source, startLine, endLine }: Block): number {
  return Math.max(endLine - startLine, source.length / CHARS_A_LINE, 1) * LINE_PX;
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
