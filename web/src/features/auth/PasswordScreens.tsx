import { useState } from 'react';
import { Link, useLocation } from 'wouter';
import { api } from '@/lib/api';
import { toast } from '@/lib/toasts';
import { Checkbox } from '@/ui/Field';
import { useSubmit } from '@/ui/useSubmit';
import { AuthCard } from './AuthCard';
import { AuthForm } from './AuthForm';
import { BrokenLink, ByMail, MailedCode } from './ByMail';
import { checkPassword } from './password';
import { PasswordField } from './PasswordField';
import { signedOut } from './session';
import { ta } from './strings';
import { useFragment } from './useFragment';

/** The new password's fields, and how it is set: that leads to log-in, as whoever was signed in anywhere is not any more. */
function useNewPassword({ autoFocus = false } = {}) {
  const [, navigate] = useLocation();
  const [password, setPassword] = useState('');
  const [revokeKeys, setRevokeKeys] = useState(true);
  return {
    weak: !checkPassword(password).ok,
    fields: (
      <>
        <PasswordField label={ta('reset.new')} isNew autoFocus={autoFocus} value={password} onValue={setPassword} />
        <Checkbox label={ta('reset.keys')} checked={revokeKeys} onCheck={setRevokeKeys} />
      </>
    ),
    /** @param proof what the mail brought: its token, or the address and its code */
    set: async (proof: Readonly<Record<string, string>>): Promise<void> => {
      await api.post('/api/auth/password/reset', { ...proof, password, revoke_keys: revokeKeys });
      signedOut();
      toast(ta('reset.done'));
      navigate('/login', { replace: true });
    },
  };
}

function ByCode({ email, onAgain }: { email: string; onAgain: () => void }) {
  const { weak, fields, set } = useNewPassword();
  return (
    <MailedCode
      text={ta('reset.sent_text', { email })}
      action={ta('reset.save')}
      disabled={weak}
      onCode={(code) => set({ email, code })}
      onAgain={onAgain}
    >
      <input type="email" autoComplete="username" value={email} readOnly hidden />
      {fields}
    </MailedCode>
  );
}

export function ForgotScreen() {
  return (
    <ByMail title={ta('reset.title')} text={ta('reset.text')} path="/api/auth/password/forgot">
      {(email, again) => <ByCode email={email} onAgain={again} />}
    </ByMail>
  );
}

/** Where the link of the mail leads. */
export function ResetScreen() {
  const [fragment] = useFragment();
  const token = fragment.get('token') ?? '';
  const { weak, fields, set } = useNewPassword({ autoFocus: true });
  const form = useSubmit(() => set({ token }));
  if (token === '') return <BrokenLink again="/forgot-password" />;
  return (
    <AuthCard title={ta('reset.choose_title')} text={ta('reset.choose_text')}>
      <AuthForm form={form} action={ta('reset.save')} disabled={weak}>
        {fields}
      </AuthForm>
      <p className="auth-other">
        <Link href="/forgot-password">{ta('link.new')}</Link>
      </p>
    </AuthCard>
  );
}
