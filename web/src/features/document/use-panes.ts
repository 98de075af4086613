/** The editor and the preview of this document, and everything that moves them together. */
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { DocumentEditor } from '@/core/editor';
import { headingsOf, type Heading, type Preview } from '@/core/render';
import type { Replica } from '@/core/sync';
import { ScrollSync } from './scroll-sync';

export interface Panes {
  readonly editor: DocumentEditor | null;
  readonly setEditor: (editor: DocumentEditor | null) => void;
  readonly setPreview: (preview: Preview | null) => void;
  readonly editorScrolled: () => void;
  readonly previewScrolled: () => void;
  /** Remembers the line at the top, for the panes that come next. */
  readonly keepPlace: () => void;
  /** Goes back there after the panes have changed their widths. */
  readonly restorePlace: () => void;
  readonly goToHeading: (heading: Heading) => void;
  readonly goToFragment: (fragment: string, replica: Replica) => void;
  readonly goToLine: (line: number) => void;
  /** Whether somebody writes here now. */
  readonly isWritten: () => boolean;
  /** Gives the text the keys: those that write, or only those that scroll. */
  readonly takeFocus: (toWrite: boolean) => void;
}

export function usePanes(): Panes {
  const [editor, setEditorState] = useState<DocumentEditor | null>(null);
  const preview = useRef<Preview | null>(null);
  const current = useRef<DocumentEditor | null>(null);
  const [sync] = useState(() => new ScrollSync());
  const place = useRef<number | null>(null);
  const detach = useRef<{ editor: () => void; preview: () => void }>({ editor: () => undefined, preview: () => undefined });

  const setEditor = useCallback(
    (next: DocumentEditor | null) => {
      current.current = next;
      setEditorState(next);
      detach.current.editor();
      detach.current.editor = sync.attach('editor', next && { scroller: next.view.scrollDOM, pane: next });
    },
    [sync],
  );
  const setPreview = useCallback(
    (next: Preview | null) => {
      preview.current = next;
      detach.current.preview();
      detach.current.preview = sync.attach('preview', next && { scroller: next.scroller, pane: next });
    },
    [sync],
  );

  useEffect(() => () => sync.stop(), [sync]);

  const restorePlace = useCallback(() => {
    const line = place.current;
    place.current = null;
    if (line === null) return;
    for (const pane of [current.current, preview.current]) if (pane) settle(pane, line);
  }, []);

  return useMemo(() => {
    const goToLine = (line: number): void => {
      if (current.current) current.current.goToLine(line);
      else preview.current?.scrollToLine(line);
    };
    return {
      editor,
      setEditor,
      setPreview,
      editorScrolled: () => sync.scrolled('editor'),
      previewScrolled: () => sync.scrolled('preview'),
      keepPlace: () => {
        place.current = sync.topLine;
      },
      restorePlace,
      goToLine,
      isWritten: () => current.current?.view.hasFocus ?? false,
      takeFocus: (toWrite: boolean) => {
        if (toWrite && current.current) current.current.view.focus();
        else focusQuietly(current.current?.view.scrollDOM ?? preview.current?.scroller);
      },
      goToHeading: ({ line, slug }: Heading) => {
        if (current.current) current.current.goToLine(line);
        else preview.current?.goToFragment(slug);
      },
      goToFragment: (fragment: string, replica: Replica) => {
        if (!current.current) {
          preview.current?.goToFragment(fragment);
          return;
        }
        const wanted = decodeURIComponent(fragment).toLowerCase();
        const heading = headingsOf(replica.text.toJSON()).find(({ slug }) => slug === wanted);
        if (heading) current.current.goToLine(heading.line);
      },
    };
  }, [editor, setEditor, setPreview, restorePlace, sync]);
}

/** Without a ring, as long as the focus stays there. */
function focusQuietly(element: HTMLElement | undefined): void {
  if (!element) return;
  element.dataset['quiet'] = '';
  element.focus({ preventScroll: true });
  element.addEventListener('blur', () => delete element.dataset['quiet'], { once: true });
}

/** Frames in a row that a place has to be kept for, and after how many nothing is moved any more. */
const STEADY = 10;
const LONGEST = 60;
const TOUCHES = ['keydown', 'pointerdown', 'wheel', 'touchstart'] as const;

/**
 * Heights are only known after the first layout; block widgets, pictures and blocks that were never near the screen come a little
 * later still. Until they stand still a pane is brought back to the line, unless somebody moves it.
 */
function settle(pane: { readonly topLine: number; scrollToLine: (line: number) => void }, line: number): void {
  const touched = new AbortController();
  for (const name of TOUCHES) window.addEventListener(name, () => touched.abort(), { capture: true, passive: true, signal: touched.signal });
  let steady = 0;
  let frames = 0;
  const step = (): void => {
    if (touched.signal.aborted) return;
    steady = Math.abs(pane.topLine - line) < 0.5 ? steady + 1 : 0;
    if (steady === 0) pane.scrollToLine(line);
    frames += 1;
    if (steady < STEADY && frames < LONGEST) requestAnimationFrame(step);
    else touched.abort();
  };
  requestAnimationFrame(step);
}
