import { useState } from 'react';
import { useLocation } from 'wouter';
import { api, ApiError } from '@/lib/api';
import { describeError } from '@/lib/problem';
import { toast } from '@/lib/toasts';
import { Checkbox, FormError } from '@/ui/Field';
import { useSubmit } from '@/ui/useSubmit';
import { AuthCard } from './AuthCard';
import { AuthForm } from './AuthForm';
import { BrokenLink, ByMail, MailedCode, NewLink } from './ByMail';
import { NewPasswordField } from './PasswordField';
import { signedOut } from './session';
import { ta } from './strings';
import { useFragment } from './useFragment';
import { useNewPassword } from './useNewPassword';

/** The new password's fields, and how it is set: that leads to log-in, as whoever was signed in anywhere is not any more. */
function useReset({ autoFocus = false } = {}) {
  const [, navigate] = useLocation();
  const password = useNewPassword();
  const [revokeKeys, setRevokeKeys] = useState(true);
  return {
    fields: (
      <>
        <NewPasswordField label={ta('reset.new')} autoFocus={autoFocus} password={password} />
        <Checkbox label={ta('reset.keys')} checked={revokeKeys} onCheck={setRevokeKeys} />
      </>
    ),
    /** @param proof what the mail brought: its token, or the address and its code */
    set: async (proof: Readonly<Record<string, string>>): Promise<void> => {
      if (!password.accept()) return;
      await api.post('/api/auth/password/reset', { ...proof, password: password.value, revoke_keys: revokeKeys });
      signedOut();
      toast(ta('reset.done'));
      navigate('/login', { replace: true });
    },
  };
}

function ByCode({ email, onAgain }: { email: string; onAgain: () => void }) {
  const { fields, set } = useReset();
  return (
    <MailedCode
      text={ta('reset.sent_text', { email })}
      action={ta('reset.save')}
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
  const { fields, set } = useReset({ autoFocus: true });
  const [used, setUsed] = useState<string>();
  const form = useSubmit(async () => {
    try {
      await set({ token });
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== 'invalid_link') throw error;
      setUsed(describeError(error));
    }
  });
  if (token === '') return <BrokenLink again="/forgot-password" />;
  if (used !== undefined) {
    return (
      <AuthCard title={ta('reset.choose_title')}>
        <FormError>{used}</FormError>
        <NewLink to="/forgot-password" />
      </AuthCard>
    );
  }
  return (
    <AuthCard title={ta('reset.choose_title')} text={ta('reset.choose_text')}>
      <AuthForm form={form} action={ta('reset.save')}>
        {fields}
      </AuthForm>
    </AuthCard>
  );
}
