import type { ReactNode } from 'react';
import { shortcutKeys } from '@/lib/actions';
import { peerColor } from '@/lib/peer-color';
import { t } from '@/lib/strings';
import { useLate } from './hooks';
import './parts.css';

export function Kbd({ shortcut }: { shortcut: string }) {
  return (
    <span className="keys">
      {shortcutKeys(shortcut).map((key) => (
        <kbd key={key}>{key}</kbd>
      ))}
    </span>
  );
}

/** Grey lines in the place of what loads, only when it takes long enough to be noticed. */
export function Skeleton({ lines = 6 }: { lines?: number }) {
  const late = useLate();
  return (
    <div className="skeleton" role="status">
      {late && <span className="visually-hidden">{t('loading')}</span>}
      {late && Array.from({ length: lines }, (_, index) => <div key={index} className="skeleton-line" style={{ width: `${90 - ((index * 23) % 50)}%` }} />)}
    </div>
  );
}

/** One sentence that teaches, and what to do next. */
export function EmptyState({ title, text, level = 1, children }: { title: string; text?: string; level?: 1 | 2; children?: ReactNode }) {
  const Heading = `h${level}` as const;
  return (
    <div className="empty">
      <Heading>{title}</Heading>
      {text && <p>{text}</p>}
      {children && <div className="empty-actions">{children}</div>}
    </div>
  );
}

export function Avatar({ id, name }: { id: string; name: string }) {
  const letters = name.trim().split(/\s+/).slice(0, 2).map((word) => Array.from(word)[0] ?? '');
  // Drawn by the style sheet: as text they would be what speech control looks for in a button's name.
  return <span className="avatar" style={{ background: peerColor(id) }} data-letters={letters.join('').toUpperCase()} aria-hidden="true" />;
}
