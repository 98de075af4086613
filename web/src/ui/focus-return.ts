import { useEffect, useLayoutEffect, type RefObject } from 'react';

const OVERLAYS = '[role="dialog"], [role="menu"]';
let outside: HTMLElement | undefined;
let leaving = false;

/** Remembers where the focus is while it is in the page itself. Start it once. */
export function trackFocus(): void {
  document.addEventListener('focusin', ({ target }) => {
    leaving = false;
    if (target instanceof HTMLElement && !target.closest(OVERLAYS)) outside = target;
  });
}

/** What comes next takes the focus itself: the dialog that closes now does not give it back, and no key lands there. */
export function leaveFocus(): void {
  leaving = true;
}

/**
 * For Base UI: whether a dialog that closes gives the focus back. To what no Tab leads to it would not, but to the first
 * thing inside that a Tab does: to the text to write in instead of what scrolls it. `useFocusReturn` does.
 */
export const givesFocusBack = (): boolean => !leaving && !(outside && outside.tabIndex < 0);

/**
 * Gives the focus back when a dialog goes. Base UI does so when it is told to close, but not when it is
 * taken away at once, nor when one dialog follows another.
 */
export function useFocusReturn(): void {
  useEffect(
    () => () =>
      queueMicrotask(() => {
        const lost = document.activeElement === null || document.activeElement === document.body;
        if (lost && !leaving && outside?.isConnected && !document.querySelector('[role="dialog"]')) outside.focus({ preventScroll: true });
      }),
    [],
  );
}

/**
 * For a panel that somebody opens: its first entry, else its first button, has the focus, and whoever closes it from inside
 * is where they were before.
 */
export function useFocusInside(panel: RefObject<HTMLElement | null>): void {
  useLayoutEffect(() => {
    const present = panel.current;
    const before = outside;
    (present?.querySelector<HTMLElement>('li button') ?? present?.querySelector('button'))?.focus({ preventScroll: true });
    return () => {
      if (!present?.contains(document.activeElement)) return;
      queueMicrotask(() => before?.isConnected && before.focus({ preventScroll: true }));
    };
  }, [panel]);
}

/**
 * For a row of a list that goes away with what has the focus in it: where the focus goes instead, the row
 * beside it or the heading above. Ask before the row goes.
 */
export function beside(inside: Element): () => void {
  const row = inside.closest('li');
  const near = (row?.nextElementSibling ?? row?.previousElementSibling)?.querySelector<HTMLElement>('button, select:enabled');
  const heading = inside.closest('section, [role="dialog"], main')?.querySelector<HTMLElement>('h1, h2');
  return () => {
    if (near?.isConnected) near.focus();
    else focusHeading(heading);
  };
}

/** For what may go while it holds the focus: that goes on beside it. */
export function useFocusGoesOn(element: RefObject<HTMLElement | null>): void {
  useLayoutEffect(() => {
    const present = element.current;
    return () => {
      if (present?.contains(document.activeElement)) queueMicrotask(beside(present));
    };
  }, [element]);
}

/** Reads a part out by its heading, when what had the focus in it is gone. */
export function focusHeading(heading: HTMLElement | null | undefined): void {
  if (!heading) return;
  heading.tabIndex = -1;
  heading.focus();
}
