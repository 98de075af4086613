import { useEffect } from 'react';

const OVERLAYS = '[role="dialog"], [role="menu"]';
let outside: HTMLElement | undefined;

/** Remembers where the focus is while it is in the page itself. Start it once. */
export function trackFocus(): void {
  document.addEventListener('focusin', ({ target }) => {
    if (target instanceof HTMLElement && !target.closest(OVERLAYS)) outside = target;
  });
}

/**
 * Gives the focus back when a dialog goes. Base UI does so when it is told to close, but not when it is
 * taken away at once, nor when one dialog follows another.
 */
export function useFocusReturn(): void {
  useEffect(
    () => () =>
      queueMicrotask(() => {
        const lost = document.activeElement === null || document.activeElement === document.body;
        if (lost && outside?.isConnected && !document.querySelector('[role="dialog"]')) outside.focus({ preventScroll: true });
      }),
    [],
  );
}
