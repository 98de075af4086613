import { useEffect, useState, useSyncExternalStore } from 'react';
import { createPortal } from 'react-dom';
import { t } from '@/lib/strings';
import { dismissToast, listToasts, onToastsChange, type Toast } from '@/lib/toasts';
import { Button, IconButton } from './Button';
import './toasts.css';

const PLAIN_MS = 5_000;
/** Whoever deleted by mistake needs time to see it. */
const WITH_ACTION_MS = 10_000;

function ToastCard({ toast }: { toast: Toast }) {
  const [held, setHeld] = useState(false);
  useEffect(() => {
    if (held) return;
    const timer = setTimeout(() => dismissToast(toast.id), toast.action || toast.kind === 'error' ? WITH_ACTION_MS : PLAIN_MS);
    return () => clearTimeout(timer);
  }, [toast, held]);

  const { action } = toast;
  return (
    <div
      className={`toast toast-${toast.kind}`}
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
    >
      <span className="toast-text">{toast.text}</span>
      {action && (
        <Button
          kind="quiet"
          onClick={() => {
            dismissToast(toast.id);
            action.run();
          }}
        >
          {action.label}
        </Button>
      )}
      <IconButton icon="x" label={t('toast.dismiss')} onClick={() => dismissToast(toast.id)} />
    </div>
  );
}

/** Above everything, dialogs too: beside the page's root, which is a stacking context of its own. */
export function Toasts() {
  const toasts = useSyncExternalStore(onToastsChange, listToasts);
  return createPortal(
    <section className="toasts" aria-live="polite" aria-relevant="additions" aria-label={t('toast.region')}>
      {toasts.map((toast) => (
        <ToastCard key={toast.id} toast={toast} />
      ))}
    </section>,
    document.body,
  );
}
