/**
 * The blocks of a reading view in parts of some dozens. What is far from the screen the browser skips, and is asked
 * about, a part at a time: for each of thousands of blocks it would find out at every frame whether it is near.
 */

const PART = 32;

export interface PartsOptions {
  /** About how many pixels a block will take that was never laid out. */
  heightOf: (block: Element) => number;
  /** A part was made, or other blocks stand in it. */
  changed: (part: Element) => void;
  /** A part is not in the view any more. */
  gone: (part: Element) => void;
}

export class Parts {
  readonly #content: HTMLElement;
  readonly #options: PartsOptions;

  constructor(content: HTMLElement, options: PartsOptions) {
    this.#content = content;
    this.#options = options;
  }

  /** Puts blocks before another one, or at the end. */
  insert(blocks: readonly Element[], before: Element | null): void {
    if (blocks.length === 0) return;
    const part = before?.parentElement ?? this.#content.lastElementChild ?? this.#create(null);
    if (blocks.length > PART) {
      this.#insertMany(blocks, part, before);
      return;
    }
    const fragment = document.createDocumentFragment();
    fragment.append(...blocks);
    part.insertBefore(fragment, before);
    this.#balance(part);
  }

  remove(blocks: readonly Element[]): void {
    for (const block of blocks) {
      const part = block.parentElement;
      block.remove();
      if (part?.childElementCount === 0) this.#remove(part);
    }
  }

  /** The first block whose lower edge is below `top`, in pixels of the screen. */
  firstBelow(top: number): Element | undefined {
    const isBelow = (element: Element | undefined): boolean => (element?.getBoundingClientRect().bottom ?? Infinity) > top;
    return first([...(first([...this.#content.children], isBelow)?.children ?? [])], isBelow);
  }

  /** In parts of their own: a hundred thousand at once are too many for one element, and for one call. */
  #insertMany(blocks: readonly Element[], part: Element, before: Element | null): void {
    if (before) {
      const children = [...part.children];
      const rest = this.#create(part);
      rest.append(...children.slice(children.indexOf(before)));
      this.#settle(rest);
    }
    let after = part;
    for (let at = 0; at < blocks.length; at += PART) {
      after = this.#create(after);
      after.append(...blocks.slice(at, at + PART));
      this.#settle(after);
    }
    if (part.childElementCount === 0) this.#remove(part);
    else this.#settle(part);
  }

  #balance(part: Element): void {
    if (part.childElementCount <= 2 * PART) {
      this.#settle(part);
      return;
    }
    const blocks = [...part.children];
    let after = part;
    for (let at = PART; at < blocks.length; at += PART) {
      after = this.#create(after);
      after.append(...blocks.slice(at, at + PART));
      this.#settle(after);
    }
    this.#settle(part);
  }

  /** As high as its blocks probably are, until it was laid out; then the browser knows. */
  #settle(part: Element): void {
    const height = [...part.children].reduce((sum, block) => sum + this.#options.heightOf(block), 0);
    if (part instanceof HTMLElement) part.style.containIntrinsicBlockSize = `auto ${Math.round(height)}px`;
    this.#options.changed(part);
  }

  #remove(part: Element): void {
    part.remove();
    this.#options.gone(part);
  }

  #create(after: Element | null): Element {
    const part = document.createElement('div');
    part.className = 'md-part';
    if (after) after.after(part);
    else this.#content.append(part);
    return part;
  }
}

/** The first for which `holds` is true, when it is true for all that follow. */
function first<T>(list: readonly T[], holds: (item: T | undefined) => boolean): T | undefined {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(list[middle])) high = middle;
    else low = middle + 1;
  }
  return list[low];
}
