import { useRef, useState, type ReactNode } from 'react';
import { t } from '@/lib/strings';
import { Button } from '@/ui/Button';
import { useFocusGoesOn } from '@/ui/focus-return';

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
  // Not asked yet is undefined: only whoever takes the question back finds the focus where it was.
  const [asked, setAsked] = useState<boolean>();
  const row = useRef<HTMLLIElement>(null);
  useFocusGoesOn(row);
  return (
    <li ref={row} className="row">
      <span className="row-text">
        {title}
        <span className="row-note">{note}</span>
        {asked && <span role="alert">{remove?.question}</span>}
      </span>
      {asked && remove ? (
        <span key="sure" className="row-actions" onKeyDown={(event) => event.key === 'Escape' && setAsked(false)}>
          <Button kind="danger" autoFocus onClick={() => void remove.run().finally(() => setAsked(false))}>
            {remove.sure}
          </Button>
          <Button onClick={() => setAsked(false)}>{t('dialog.cancel')}</Button>
        </span>
      ) : (
        <span key="plain" className="row-actions">
          {children}
          {remove && <Button kind="quiet" icon="trash" autoFocus={asked === false} aria-label={remove.label} title={remove.label} onClick={() => setAsked(true)} />}
        </span>
      )}
    </li>
  );
}
