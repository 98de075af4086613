import { useState, type ReactNode } from 'react';
import { t } from '@/lib/strings';
import { Button } from '@/ui/Button';

interface RowProps {
  title: ReactNode;
  note: ReactNode;
  /** More buttons, before the one that removes. */
  children?: ReactNode;
  /** Taking it away: the button's name, what is asked first, and the button that then does it. */
  remove?: { readonly label: string; readonly question: string; readonly sure: string; readonly run: () => Promise<void> } | undefined;
}

/** One of a list of things that can be taken away, after a question in its place. */
export function Row({ title, note, children, remove }: RowProps) {
  const [asked, setAsked] = useState(false);
  return (
    <li className="row">
      <span className="row-text">
        {title}
        <span className="row-note">{note}</span>
        {asked && <span role="alert">{remove?.question}</span>}
      </span>
      {asked && remove ? (
        <span className="row-actions">
          <Button kind="danger" autoFocus onClick={() => void remove.run().finally(() => setAsked(false))}>
            {remove.sure}
          </Button>
          <Button onClick={() => setAsked(false)}>{t('dialog.cancel')}</Button>
        </span>
      ) : (
        <span className="row-actions">
          {children}
          {remove && <Button kind="quiet" icon="trash" aria-label={remove.label} title={remove.label} onClick={() => setAsked(true)} />}
        </span>
      )}
    </li>
  );
}
