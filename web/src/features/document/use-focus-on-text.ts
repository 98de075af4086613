/** The text has the keys when nothing else has: those that scroll a page would scroll nothing, as only the text does scroll. */
import { useCallback, useEffect, useRef } from 'react';
import type { Mode } from './modes';
import type { Panes } from './use-panes';

const isLost = (): boolean => document.activeElement === null || document.activeElement === document.body;

/**
 * Takes the focus for the text that has just been opened or is shown in another way, unless somebody is elsewhere. A cursor
 * comes only back to where one was: a key that was meant for the page must not write.
 *
 * Returns what to call before the way changes.
 */
export function useFocusOnText(panes: Panes, mode: Mode, phone: boolean): () => void {
  const wrote = useRef(false);
  const { editor, isWritten, takeFocus } = panes;

  useEffect(() => {
    // After a dialog that closes meanwhile has given the focus back.
    const frame = requestAnimationFrame(() => isLost() && takeFocus(wrote.current && !phone));
    return () => cancelAnimationFrame(frame);
  }, [editor, mode, phone, takeFocus]);

  return useCallback(() => {
    if (mode !== 'read') wrote.current = isWritten();
  }, [mode, isWritten]);
}
