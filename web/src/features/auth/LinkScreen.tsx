import { useState } from 'react';
import { useLocation, useSearchParams } from 'wouter';
import { ApiError } from '@/lib/api';
import { describeError } from '@/lib/problem';
import { Button } from '@/ui/Button';
import { FormError } from '@/ui/Field';
import { useSubmit } from '@/ui/useSubmit';
import { AuthCard } from './AuthCard';
import { AuthForm } from './AuthForm';
import { ByMail, MailedCode } from './ByMail';
import { safeNext } from './next';
import { SecondStepForm } from './SecondStepForm';
import { signIn, type SecondStep } from './sign-in';
import { ta } from './strings';
import { useTypedEmail } from './typed-email';
import { useFragment } from './useFragment';

type Done = (step: SecondStep | null) => void;

/** The link was opened. Only a click signs in: programs that look at links in mails click nothing. */
function Arrived({ token, onDone, onNew }: { token: string; onDone: Done; onNew: () => void }) {
  const [used, setUsed] = useState<string>();
  const form = useSubmit(async () => {
    try {
      onDone(await signIn('magic-link/confirm', { token }));
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== 'invalid_link') throw error;
      setUsed(describeError(error));
    }
  });
  return (
    <AuthCard title={ta('link.arrived_title')} text={used === undefined && ta('link.arrived_text')}>
      {used === undefined ? (
        <AuthForm form={form} action={ta('link.log_in')} autoFocus />
      ) : (
        <div className="auth-form">
          <FormError>{used}</FormError>
          <Button kind="primary" autoFocus onClick={onNew}>
            {ta('link.new')}
          </Button>
        </div>
      )}
    </AuthCard>
  );
}

/** Signing in by mail: the address is asked for, a mail is sent, and its link or its code comes back here. */
export default function LinkScreen() {
  const [, navigate] = useLocation();
  const [search] = useSearchParams();
  const [fragment, forget] = useFragment();
  const token = fragment.get('token');
  const [email] = useTypedEmail();
  const [step, setStep] = useState<SecondStep>();
  const next = search.get('next');

  const done: Done = (secondStep) => {
    if (secondStep) setStep(secondStep);
    else navigate(safeNext(next), { replace: true });
  };
  if (step) return <SecondStepForm step={step} email={email} onOver={() => navigate('/login', { replace: true })} onDone={() => done(null)} />;
  if (token !== null) return <Arrived token={token} onDone={done} onNew={forget} />;
  return (
    <ByMail title={ta('link.title')} text={ta('link.text')} path="/api/auth/magic-link">
      {(sentTo, again) => (
        <MailedCode
          text={ta('link.sent_text', { email: sentTo })}
          action={ta('link.log_in')}
          onCode={async (code) => done(await signIn('magic-link/confirm', { email: sentTo, code }))}
          onAgain={again}
        />
      )}
    </ByMail>
  );
}
