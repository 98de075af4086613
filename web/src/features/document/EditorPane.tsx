import { useEffect, useRef } from 'react';
import { DocumentEditor } from '@/core/editor';
import type { Replica } from '@/core/sync';
import { formatBytes } from '@/lib/i18n';
import { toast } from '@/lib/toasts';
import { peerColor } from '@/lib/peer-color';
import { t } from './strings';
import { useServerConfig } from './use-config';
import type { Links } from './use-links';
import { editorWords } from './words';
import './editor.css';
import './live-preview.css';

interface EditorPaneProps {
  replica: Replica;
  live: boolean;
  readOnly: boolean;
  onReady: (editor: DocumentEditor | null) => void;
  onScroll: () => void;
  onFollow: (client: number | null) => void;
  links: Links;
}

/** React's frame around the editor: makes one for each replica and tells it what changed. */
export function EditorPane({ replica, live, readOnly, onReady, onScroll, onFollow, links }: EditorPaneProps) {
  const parent = useRef<HTMLDivElement>(null);
  const editor = useRef<DocumentEditor | null>(null);
  // The editor outlives many renders; it always calls the handlers of the latest one.
  const handlers = useRef({ onReady, onScroll, onFollow, links });
  const initial = useRef({ live, readOnly });
  const maxBytes = useRef<number | undefined>(undefined);
  const { data: config } = useServerConfig();

  useEffect(() => {
    maxBytes.current = config?.max_document_bytes;
    handlers.current = { onReady, onScroll, onFollow, links };
    initial.current = { live, readOnly };
  });

  useEffect(() => {
    if (!parent.current) return;
    const made = new DocumentEditor({
      parent: parent.current,
      replica,
      ...initial.current,
      words: editorWords,
      sizeLimit: {
        maxBytes: () => maxBytes.current,
        onRefused: (length, limit) => void toast(t('paste.too_large', { size: formatBytes(length), limit: formatBytes(limit) }), { kind: 'error' }),
      },
      colorOf: peerColor,
      openLink: (href) => handlers.current.links.open(href),
      onScroll: () => handlers.current.onScroll(),
      onFollow: (client) => handlers.current.onFollow(client),
    });
    editor.current = made;
    made.setDeadLinks(handlers.current.links.isDead);
    handlers.current.onReady(made);
    return () => {
      editor.current = null;
       
      handlers.current.onReady(null);
      made.destroy();
    };
  }, [replica]);

  useEffect(() => editor.current?.setDeadLinks(links.isDead), [links.isDead]);
  useEffect(() => editor.current?.setLive(live), [live]);
  useEffect(() => editor.current?.setReadOnly(readOnly), [readOnly]);

  return <div ref={parent} className="doc-editor" />;
}
