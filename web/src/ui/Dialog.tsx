import { Dialog as Base } from '@base-ui/react/dialog';
import type { ReactNode } from 'react';
import { t } from '@/lib/strings';
import { IconButton } from './Button';
import { givesFocusBack, useFocusReturn } from './focus-return';
import './dialog.css';

interface DialogProps {
  open: boolean;
  onClose: () => void;
  title: string;
  /** One sentence under the title. */
  description?: string;
  width?: 'narrow' | 'wide';
  children: ReactNode;
}

/** A modal dialog: traps the focus, gives it back, and Esc closes it. */
export function Dialog({ open, onClose, title, description, width = 'narrow', children }: DialogProps) {
  useFocusReturn();
  return (
    <Base.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Base.Portal>
        <Base.Backdrop className="dialog-backdrop" />
        <Base.Popup className={`dialog dialog-${width}`} finalFocus={givesFocusBack}>
          <header className="dialog-header">
            <Base.Title className="dialog-title">{title}</Base.Title>
            <Base.Close render={<IconButton icon="x" label={t('dialog.close')} />} />
          </header>
          {description && <Base.Description className="dialog-description">{description}</Base.Description>}
          {children}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}

/** The row of buttons at the end; the first child is the main one, for the keyboard's order. */
export function DialogActions({ children }: { children: ReactNode }) {
  return <div className="dialog-actions">{children}</div>;
}
