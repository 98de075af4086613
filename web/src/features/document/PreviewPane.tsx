import { useEffect, useRef } from 'react';
import { Preview } from '@/core/render';
import type { Replica } from '@/core/sync';
import type { Links } from './use-links';
import { renderWords } from './words';
import { toggleTaskInText } from './task-in-text';
import './prose.css';

interface PreviewPaneProps {
  replica: Replica;
  /** Shown instead of the replica's text while that has not arrived. */
  standIn?: string | undefined;
  writable: boolean;
  label: string;
  onReady: (preview: Preview | null) => void;
  onScroll: () => void;
  links: Links;
}

/** The rendered document. Follows the shared text, at a pace that leaves typing in a big document quick. */
export function PreviewPane({ replica, standIn, writable, label, onReady, onScroll, links }: PreviewPaneProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLElement>(null);
  const shown = useRef<Preview | null>(null);
  const handlers = useRef({ onReady, links });

  useEffect(() => {
    handlers.current = { onReady, links };
  });

  useEffect(() => {
    if (!scroller.current || !content.current) return;
    const preview = new Preview({
      scroller: scroller.current,
      content: content.current,
      words: renderWords,
      openLink: (href) => handlers.current.links.open(href),
      toggleTask: (line) => toggleTaskInText(replica, line),
    });
    shown.current = preview;
    preview.setWritable(writable);
    preview.setDeadLinks(handlers.current.links.isDead);
    const stop = follow(replica, preview, standIn);
    handlers.current.onReady(preview);
    return () => {
      stop();
       
      handlers.current.onReady(null);
      preview.destroy();
    };
  }, [replica, standIn, writable]);

  useEffect(() => shown.current?.setDeadLinks(links.isDead), [links.isDead]);

  return (
    <div ref={scroller} className="doc-preview" onScroll={onScroll} tabIndex={0} role="region" aria-label={label}>
      <article ref={content} className="md-prose" />
    </div>
  );
}

function follow(replica: Replica, preview: Preview, standIn: string | undefined): () => void {
  preview.update(standIn ?? replica.text.toJSON());
  if (standIn !== undefined) return () => undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const update = (): void => {
    timer = undefined;
    preview.update(replica.text.toJSON());
  };
  const changed = (): void => {
    timer ??= setTimeout(update, preview.restMs);
  };
  replica.text.observe(changed);
  return () => {
    clearTimeout(timer);
    replica.text.unobserve(changed);
  };
}
