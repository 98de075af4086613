import { useState } from 'react';
import { api, ApiError } from '@/lib/api';
import { queryClient } from '@/ui/query';
import { useSubmit } from '@/ui/useSubmit';
import { AuthCard } from './AuthCard';
import { AuthForm } from './AuthForm';
import { BrokenLink } from './ByMail';
import { FocusedLink } from './FocusedLink';
import { PasswordField } from './PasswordField';
import { ta } from './strings';
import { useFragment } from './useFragment';

/** Where the link that confirms an address leads. Nothing happens before the button. */
export function VerifyScreen() {
  const [fragment] = useFragment();
  const token = fragment.get('token') ?? '';
  const [needsPassword, setNeedsPassword] = useState(false);
  const [password, setPassword] = useState('');
  const [done, setDone] = useState(false);
  const form = useSubmit(async () => {
    try {
      await api.post('/api/auth/verify', needsPassword ? { token, password } : { token });
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== 'password_needed' || needsPassword) throw error;
      setNeedsPassword(true);
      return;
    }
    void queryClient.invalidateQueries({ queryKey: ['security'] });
    setDone(true);
  });

  if (token === '') return <BrokenLink again="/account/security" />;
  if (done) {
    return (
      <AuthCard title={ta('verify.done_title')} text={ta('verify.done_text')}>
        <div className="auth-ways">
          <FocusedLink to="/">{ta('verify.open')}</FocusedLink>
        </div>
      </AuthCard>
    );
  }
  return (
    <AuthCard title={ta('verify.title')} text={needsPassword ? ta('verify.password_text') : ta('verify.text')}>
      <AuthForm form={form} action={ta('verify.button')} autoFocus={!needsPassword}>
        {needsPassword && <PasswordField label={ta('password')} autoFocus value={password} onValue={setPassword} />}
      </AuthForm>
    </AuthCard>
  );
}
