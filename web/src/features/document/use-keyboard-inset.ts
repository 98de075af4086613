import { useEffect, type RefObject } from 'react';

/** Where a phone's keyboard covers the page instead of shrinking it, the document gives way by `--keyboard`. */
export function useKeyboardInset(root: RefObject<HTMLElement | null>, active: boolean): void {
  useEffect(() => {
    const viewport = window.visualViewport;
    const element = root.current;
    if (!active || !viewport || !element) return;
    const place = (): void => {
      const covered = Math.max(0, innerHeight - viewport.height - viewport.offsetTop);
      element.style.setProperty('--keyboard', `${Math.round(covered)}px`);
    };
    place();
    viewport.addEventListener('resize', place);
    viewport.addEventListener('scroll', place);
    return () => {
      viewport.removeEventListener('resize', place);
      viewport.removeEventListener('scroll', place);
      element.style.removeProperty('--keyboard');
    };
  }, [root, active]);
}
