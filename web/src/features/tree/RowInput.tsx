import { useRef } from 'react';
import { t } from '@/lib/strings';

interface RowInputProps {
  initial: string;
  onDone: (value: string) => void;
  onCancel: () => void;
}

/** Renames in place: Enter and leaving keep the new name, Esc the old one. */
export function RowInput({ initial, onDone, onCancel }: RowInputProps) {
  const settled = useRef(false);
  const settle = (value: string | undefined): void => {
    // Enter takes the input away, which blurs it: only the first of the two counts.
    if (settled.current) return;
    settled.current = true;
    if (value === undefined || value.trim() === '' || value === initial) onCancel();
    else onDone(value);
  };
  return (
    <input
      className="tree-input"
      aria-label={t('tree.new_name')}
      defaultValue={initial}
      autoFocus
      spellCheck={false}
      maxLength={255}
      onFocus={({ target }) => {
        const dot = initial.lastIndexOf('.');
        target.setSelectionRange(0, dot > 0 ? dot : initial.length);
      }}
      onClick={(event) => event.stopPropagation()}
      onBlur={({ target }) => settle(target.value)}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key === 'Enter' && !event.nativeEvent.isComposing) settle(event.currentTarget.value);
        if (event.key === 'Escape') settle(undefined);
      }}
    />
  );
}
