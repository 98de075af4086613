import { t } from '@/lib/strings';
import { Field } from './Field';

/** Six digits, as an app or a mail shows them: with a space in the middle, too. */
export function CodeField({ label = t('code.label'), value, onValue }: { label?: string; value: string; onValue: (value: string) => void }) {
  return (
    <Field
      label={label}
      className="code-input"
      name="code"
      inputMode="numeric"
      autoComplete="one-time-code"
      autoFocus
      required
      maxLength={12}
      pattern="\s*(?:\d\s*){6}"
      title={t('code.six')}
      value={value}
      onChange={(event) => onValue(event.target.value)}
    />
  );
}
