import { useLayoutEffect, useRef, useState } from 'react';
import { useMedia } from '@/ui/hooks';

const OVERSCAN = 8;
const FINE = 30;
const COARSE = 44;

/** Which of `count` rows of one height are worth having in the page, and how to bring one into sight. */
export function useVirtualRows(count: number) {
  const scroller = useRef<HTMLDivElement>(null);
  const rowHeight = useMedia('(pointer: coarse)') ? COARSE : FINE;
  const [view, setView] = useState({ top: 0, height: 800 });

  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const measure = (): void => setView({ top: element.scrollTop, height: element.clientHeight });
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    element.addEventListener('scroll', measure, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener('scroll', measure);
    };
  }, []);

  const first = Math.max(0, Math.floor(view.top / rowHeight) - OVERSCAN);
  const last = Math.min(count, Math.ceil((view.top + view.height) / rowHeight) + OVERSCAN);

  const reveal = (index: number): void => {
    const element = scroller.current;
    if (!element || index < 0) return;
    const top = index * rowHeight;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top + rowHeight > element.scrollTop + element.clientHeight) element.scrollTop = top + rowHeight - element.clientHeight;
  };

  return { scroller, rowHeight, first, last, reveal, pageSize: Math.max(1, Math.floor(view.height / rowHeight) - 1) };
}
