import { useState } from 'react';
import { Link, useLocation } from 'wouter';
import { api } from '@/lib/api';
import { toast } from '@/lib/toasts';
import { Button } from '@/ui/Button';
import { CodeField } from '@/ui/CodeField';
import { Checkbox, Field, FormError } from '@/ui/Field';
import { useSubmit } from '@/ui/useSubmit';
import { AuthCard } from './AuthCard';
import { MailNote } from './MailNote';
import { checkPassword } from './password';
import { PasswordField } from './PasswordField';
import { signedOut } from './session';
import { ta } from './strings';
import { useFragment } from './useFragment';

/** Sets the password, and leads to log-in: whoever was signed in anywhere is not any more. */
function useReset() {
  const [, navigate] = useLocation();
  return async (proof: Readonly<Record<string, string>>, password: string, revokeKeys: boolean): Promise<void> => {
    await api.post('/api/auth/password/reset', { ...proof, password, revoke_keys: revokeKeys });
    signedOut();
    toast(ta('reset.done'));
    navigate('/login', { replace: true });
  };
}

function BackToLogin() {
  return (
    <p className="auth-other">
      <Link href="/login">{ta('back')}</Link>
    </p>
  );
}

function ByCode({ email, onAgain }: { email: string; onAgain: () => void }) {
  const [code, setCode] = useState('');
  const [password, setPassword] = useState('');
  const reset = useReset();
  const [revokeKeys, setRevokeKeys] = useState(true);
  const form = useSubmit(() => reset({ email, code }, password, revokeKeys));
  return (
    <AuthCard title={ta('link.sent_title')} text={ta('reset.sent_text', { email })}>
      <MailNote />
      <form className="auth-form" onSubmit={form.onSubmit}>
        {form.error && <FormError>{form.error}</FormError>}
        <CodeField value={code} onValue={setCode} />
        <input type="email" autoComplete="username" value={email} readOnly hidden />
        <PasswordField label={ta('reset.new')} isNew value={password} onValue={setPassword} />
        <Checkbox label={ta('reset.keys')} checked={revokeKeys} onCheck={setRevokeKeys} />
        <Button kind="primary" type="submit" busy={form.busy} disabled={!checkPassword(password).ok}>
          {ta('reset.save')}
        </Button>
      </form>
      <div className="auth-ways">
        <Button onClick={onAgain}>{ta('reset.again')}</Button>
        <Link className="button button-quiet" href="/login">
          {ta('back')}
        </Link>
      </div>
    </AuthCard>
  );
}

export function ForgotScreen() {
  const [email, setEmail] = useState('');
  const [sent, setSent] = useState(false);
  const form = useSubmit(async () => {
    await api.post('/api/auth/password/forgot', { email });
    setSent(true);
  });
  if (sent) return <ByCode email={email} onAgain={() => setSent(false)} />;
  return (
    <AuthCard title={ta('reset.title')} text={ta('reset.text')}>
      <form className="auth-form" onSubmit={form.onSubmit}>
        {form.error && <FormError>{form.error}</FormError>}
        <Field label={ta('email')} name="email" type="email" autoComplete="email" autoFocus required maxLength={254} value={email} onChange={(event) => setEmail(event.target.value)} />
        <Button kind="primary" type="submit" busy={form.busy}>
          {ta('link.send')}
        </Button>
      </form>
      <BackToLogin />
    </AuthCard>
  );
}

/** Where the link of the mail leads. */
export function ResetScreen() {
  const [fragment] = useFragment();
  const token = fragment.get('token') ?? '';
  const [password, setPassword] = useState('');
  const reset = useReset();
  const [revokeKeys, setRevokeKeys] = useState(true);
  const form = useSubmit(() => reset({ token }, password, revokeKeys));
  if (token === '') return <BrokenLink again="/forgot-password" />;
  return (
    <AuthCard title={ta('reset.choose_title')} text={ta('reset.choose_text')}>
      <form className="auth-form" onSubmit={form.onSubmit}>
        {form.error && <FormError>{form.error}</FormError>}
        <PasswordField label={ta('reset.new')} isNew autoFocus value={password} onValue={setPassword} />
        <Checkbox label={ta('reset.keys')} checked={revokeKeys} onCheck={setRevokeKeys} />
        <Button kind="primary" type="submit" busy={form.busy} disabled={!checkPassword(password).ok}>
          {ta('reset.save')}
        </Button>
      </form>
      <p className="auth-other">
        <Link href="/forgot-password">{ta('link.new')}</Link>
      </p>
    </AuthCard>
  );
}

export function BrokenLink({ again }: { again: string }) {
  return (
    <AuthCard title={ta('link.broken_title')} text={ta('link.broken_text')}>
      <p className="auth-other">
        <Link href={again}>{ta('link.new')}</Link>
      </p>
    </AuthCard>
  );
}
