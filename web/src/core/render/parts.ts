/**
 * The blocks of a reading view in parts of some dozens. What is far from the screen the browser skips a part at a time:
 * for each of thousands of blocks it would ask at every frame whether it is near.
 */

const PART = 32;

export class Parts {
  readonly #content: HTMLElement;
  readonly #heightOf: (block: Element) => number;

  /** @param heightOf about how many pixels a block will take that was never laid out */
  constructor(content: HTMLElement, heightOf: (block: Element) => number) {
    this.#content = content;
    this.#heightOf = heightOf;
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
      if (part?.childElementCount === 0) part.remove();
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
      this.#estimate(rest);
    }
    let after = part;
    for (let at = 0; at < blocks.length; at += PART) {
      after = this.#create(after);
      after.append(...blocks.slice(at, at + PART));
      this.#estimate(after);
    }
    if (part.childElementCount === 0) part.remove();
    else this.#estimate(part);
  }

  #balance(part: Element): void {
    if (part.childElementCount <= 2 * PART) {
      this.#estimate(part);
      return;
    }
    const blocks = [...part.children];
    let after = part;
    for (let at = PART; at < blocks.length; at += PART) {
      after = this.#create(after);
      after.append(...blocks.slice(at, at + PART));
      this.#estimate(after);
    }
    this.#estimate(part);
  }

  /** As high as its blocks probably are, until it was laid out; then the browser knows. */
  #estimate(part: Element): void {
    const height = [...part.children].reduce((sum, block) => sum + this.#heightOf(block), 0);
    if (part instanceof HTMLElement) part.style.containIntrinsicBlockSize = `auto ${Math.round(height)}px`;
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
