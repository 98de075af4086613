import { useState } from 'react';
import { api, ApiError } from '@/lib/api';
import { describeError, Refusal } from '@/lib/problem';
import { toast } from '@/lib/toasts';
import { Button } from '@/ui/Button';
import { CodeField } from '@/ui/CodeField';
import { Field } from '@/ui/Field';
import { reportFailure } from '@/ui/query';
import { useSubmit } from '@/ui/useSubmit';
import { AuthCard } from './AuthCard';
import { AuthForm } from './AuthForm';
import { signIn, type SecondStep } from './sign-in';
import { ta } from './strings';

interface SecondStepFormProps {
  step: SecondStep;
  /** Where a mailed code went; unknown when a provider or a link led here. */
  email: string;
  /** It is used up or given up; `reason` says why, in words. */
  onOver: (reason?: string) => void;
  onDone?: () => void;
}

/** What stands between the password and the page: an app's code, a recovery code, or a code by mail. */
export function SecondStepForm({ step, email, onOver, onDone }: SecondStepFormProps) {
  const [code, setCode] = useState('');
  const [recovery, setRecovery] = useState(false);
  const byMail = step.methods.includes('email_code');
  const form = useSubmit(async () => {
    try {
      await signIn('mfa', { mfa_token: step.token, [recovery ? 'recovery_code' : 'code']: code.trim() });
      onDone?.();
    } catch (error) {
      setCode('');
      if (!(error instanceof ApiError)) throw error;
      if (error.code === 'mfa_expired') onOver(describeError(error));
      else if (error.code === 'invalid_code' && recovery) throw new Refusal(ta('code.wrong_recovery'));
      else throw error;
    }
  });
  const again = async (): Promise<void> => {
    try {
      await api.post('/api/auth/mfa/resend', { mfa_token: step.token });
      toast(ta('code.sent_again'));
    } catch (error) {
      if (error instanceof ApiError && error.code === 'mfa_expired') onOver(describeError(error));
      else reportFailure(ta('code.again'), error);
    }
  };
  const change = (): void => {
    setRecovery(!recovery);
    setCode('');
  };

  const title = byMail ? ta('code.title_mail') : recovery ? ta('code.title_recovery') : ta('code.title_app');
  const mailText = email ? ta('code.text_mail', { email }) : ta('code.text_mail_you');
  return (
    <AuthCard title={title} text={byMail ? mailText : recovery ? ta('code.text_recovery') : ta('code.text_app')}>
      <AuthForm form={form} action={ta('code.continue')}>
        {recovery ? (
          <Field
            key="recovery"
            label={ta('code.recovery_label')}
            className="code-input"
            name="recovery-code"
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            autoFocus
            required
            maxLength={64}
            value={code}
            onChange={(event) => setCode(event.target.value)}
          />
        ) : (
          <CodeField value={code} onValue={setCode} />
        )}
      </AuthForm>
      <div className="auth-ways">
        {byMail && <Button onClick={() => void again()}>{ta('code.again')}</Button>}
        {step.methods.includes('recovery_code') && <Button onClick={change}>{recovery ? ta('code.to_app') : ta('code.to_recovery')}</Button>}
        <Button kind="quiet" onClick={() => onOver()}>
          {ta('back')}
        </Button>
      </div>
    </AuthCard>
  );
}
