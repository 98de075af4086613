import { useState } from 'react';
import { t } from '@/lib/strings';
import { Button } from '@/ui/Button';
import { Field } from '@/ui/Field';
import { Icon } from '@/ui/Icon';
import { checkPassword } from './password';
import './auth.css';

interface PasswordFieldProps {
  label: string;
  value: string;
  onValue: (value: string) => void;
  /** A new password shows the rules while one types. */
  isNew?: boolean;
  autoFocus?: boolean;
}

function Rules({ password }: { password: string }) {
  const check = checkPassword(password);
  if (check.passphrase) {
    return (
      <span className="password-rule password-rule-met">
        <Icon name="check" /> {t('password.passphrase_ok')}
      </span>
    );
  }
  return (
    <>
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

export function PasswordField({ label, value, onValue, isNew = false, autoFocus = false }: PasswordFieldProps) {
  const [shown, setShown] = useState(false);
  return (
    <div className="password-field">
      <Field
        label={label}
        type={shown ? 'text' : 'password'}
        name={isNew ? 'new-password' : 'password'}
        autoComplete={isNew ? 'new-password' : 'current-password'}
        autoCapitalize="none"
        spellCheck={false}
        autoFocus={autoFocus}
        required
        maxLength={256}
        value={value}
        onChange={(event) => onValue(event.target.value)}
        hint={isNew ? <Rules password={value} /> : undefined}
      />
      <Button kind="quiet" className="password-show" aria-pressed={shown} onClick={() => setShown(!shown)}>
        {shown ? t('password.hide') : t('password.show')}
      </Button>
    </div>
  );
}
