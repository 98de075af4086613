/** Two panes that show the same lines. Whoever was touched last leads, so that the two never push each other about. */

interface Pane {
  readonly topLine: number;
  scrollToLine: (line: number) => void;
}

interface Attached {
  readonly pane: Pane;
  readonly scroller: HTMLElement;
}

export type Side = 'editor' | 'preview';

const TOUCHES = ['pointerdown', 'wheel', 'touchstart', 'keydown', 'focusin'] as const;

export class ScrollSync {
  readonly #panes: Record<Side, Attached | null> = { editor: null, preview: null };
  #leader: Side = 'editor';
  #frame = 0;

  /** Returns how to stop listening to the pane. */
  attach(side: Side, attached: Attached | null): () => void {
    this.#panes[side] = attached;
    if (!attached) return () => undefined;
    const { scroller } = attached;
    const lead = (): void => {
      this.#leader = side;
    };
    for (const name of TOUCHES) scroller.addEventListener(name, lead, { passive: true });
    return () => {
      for (const name of TOUCHES) scroller.removeEventListener(name, lead);
    };
  }

  stop(): void {
    cancelAnimationFrame(this.#frame);
  }

  scrolled(side: Side): void {
    if (side !== this.#leader || this.#frame !== 0) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      const from = this.#panes[this.#leader];
      const to = this.#panes[this.#leader === 'editor' ? 'preview' : 'editor'];
      if (!from || !to) return;
      if (atEnd(from.scroller)) to.scroller.scrollTop = to.scroller.scrollHeight;
      else to.pane.scrollToLine(from.pane.topLine);
    });
  }

  /** Where the reader is, whichever pane shows it. */
  get topLine(): number {
    const { editor, preview } = this.#panes;
    return (this.#panes[this.#leader] ?? editor ?? preview)?.pane.topLine ?? 0;
  }
}

const atEnd = ({ scrollTop, scrollHeight, clientHeight }: HTMLElement): boolean =>
  scrollTop > 0 && scrollHeight - clientHeight - scrollTop < 2;
