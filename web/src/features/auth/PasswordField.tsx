import { useState, type ReactNode, type RefObject } from 'react';
import { formatList } from '@/lib/i18n';
import { t } from '@/lib/strings';
import { Button } from '@/ui/Button';
import { Field } from '@/ui/Field';
import { Icon } from '@/ui/Icon';
import { checkPassword } from './password';
import type { NewPassword } from './useNewPassword';
import './auth.css';

interface PasswordFieldProps {
  label: string;
  value: string;
  onValue: (value: string) => void;
  autoFocus?: boolean;
}

function Rules({ password, refused }: { password: string; refused: boolean }) {
  const check = checkPassword(password);
  const missing = check.rules.filter(({ met }) => !met).map(({ rule }) => t(`password.needs_${rule}`));
  if (check.passphrase) {
    return (
      <span className="password-rule password-rule-met">
        <Icon name="check" /> {t('password.passphrase_ok')}
      </span>
    );
  }
  return (
    <>
      {refused && <p className="field-error">{t('password.needs', { missing: formatList(missing) })}</p>}
      <ul className="password-rules">
        {check.rules.map(({ rule, met }) => (
          <li key={rule} className={met ? 'password-rule password-rule-met' : 'password-rule'}>
            <Icon name={met ? 'check' : 'circle'} />
            {t(`password.${rule}`)}
            <span className="visually-hidden">{met ? t('password.met') : t('password.unmet')}</span>
          </li>
        ))}
      </ul>
      {t('password.or_passphrase')}
    </>
  );
}

export const PasswordField = (props: PasswordFieldProps) => <Showable {...props} name="password" autoComplete="current-password" />;

/** With the rules, which are ticked off while one types. */
export function NewPasswordField({ label, password, autoFocus = false }: { label: string; password: NewPassword; autoFocus?: boolean }) {
  const { value, setValue, refused, input } = password;
  const hint = <Rules password={value} refused={refused} />;
  return <Showable label={label} value={value} onValue={setValue} autoFocus={autoFocus} name="new-password" autoComplete="new-password" hint={hint} refused={refused} input={input} />;
}

type ShowableProps = PasswordFieldProps & {
  name: string;
  autoComplete: string;
  hint?: ReactNode;
  refused?: boolean;
  input?: RefObject<HTMLInputElement | null>;
};

function Showable({ label, value, onValue, autoFocus = false, name, autoComplete, hint, refused = false, input }: ShowableProps) {
  const [shown, setShown] = useState(false);
  return (
    <div className="password-field">
      <Field
        label={label}
        type={shown ? 'text' : 'password'}
        name={name}
        autoComplete={autoComplete}
        autoCapitalize="none"
        spellCheck={false}
        autoFocus={autoFocus}
        required
        maxLength={256}
        value={value}
        onChange={(event) => onValue(event.target.value)}
        hint={hint}
        ref={input}
        {...(refused && { 'aria-invalid': true })}
      />
      <Button kind="quiet" className="password-show" aria-pressed={shown} onClick={() => setShown(!shown)}>
        {shown ? t('password.hide') : t('password.show')}
      </Button>
    </div>
  );
}
