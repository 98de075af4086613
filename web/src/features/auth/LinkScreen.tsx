import { useState } from 'react';
import { Link, useLocation, useSearchParams } from 'wouter';
import { api } from '@/lib/api';
import { Button } from '@/ui/Button';
import { CodeField } from '@/ui/CodeField';
import { Field, FormError } from '@/ui/Field';
import { useSubmit } from '@/ui/useSubmit';
import { AuthCard } from './AuthCard';
import { MailNote } from './MailNote';
import { safeNext } from './next';
import { SecondStepForm } from './SecondStepForm';
import { signIn, type SecondStep } from './sign-in';
import { ta } from './strings';
import { useFragment } from './useFragment';

type Done = (step: SecondStep | null) => void;

/** The link was opened. Only a click signs in: programs that look at links in mails click nothing. */
function Arrived({ token, onDone, onNew }: { token: string; onDone: Done; onNew: () => void }) {
  const form = useSubmit(async () => onDone(await signIn('magic-link/confirm', { token })));
  return (
    <AuthCard title={ta('link.arrived_title')} text={ta('link.arrived_text')}>
      <form className="auth-form" onSubmit={form.onSubmit}>
        {form.error && <FormError>{form.error}</FormError>}
        <Button kind="primary" type="submit" busy={form.busy} autoFocus>
          {ta('link.sign_in')}
        </Button>
      </form>
      {form.error && (
        <div className="auth-ways">
          <Button onClick={onNew}>{ta('link.new')}</Button>
        </div>
      )}
    </AuthCard>
  );
}

function Ask({ email, onEmail, onSent }: { email: string; onEmail: (email: string) => void; onSent: () => void }) {
  const form = useSubmit(async () => {
    await api.post('/api/auth/magic-link', { email });
    onSent();
  });
  return (
    <AuthCard title={ta('link.title')} text={ta('link.text')}>
      <form className="auth-form" onSubmit={form.onSubmit}>
        {form.error && <FormError>{form.error}</FormError>}
        <Field label={ta('email')} name="email" type="email" autoComplete="email" autoFocus required maxLength={254} value={email} onChange={(event) => onEmail(event.target.value)} />
        <Button kind="primary" type="submit" busy={form.busy}>
          {ta('link.send')}
        </Button>
      </form>
      <p className="auth-other">
        <Link href="/login">{ta('back')}</Link>
      </p>
    </AuthCard>
  );
}

function EnterCode({ email, onDone, onAgain }: { email: string; onDone: Done; onAgain: () => void }) {
  const [code, setCode] = useState('');
  const form = useSubmit(async () => onDone(await signIn('magic-link/confirm', { email, code })));
  return (
    <AuthCard title={ta('link.sent_title')} text={ta('link.sent_text', { email })}>
      <MailNote />
      <form className="auth-form" onSubmit={form.onSubmit}>
        {form.error && <FormError>{form.error}</FormError>}
        <CodeField value={code} onValue={setCode} />
        <Button kind="primary" type="submit" busy={form.busy}>
          {ta('link.sign_in')}
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

/** Signing in by mail: the address is asked for, a mail is sent, and its link or its code comes back here. */
export default function LinkScreen() {
  const [, navigate] = useLocation();
  const [search] = useSearchParams();
  const [fragment, forget] = useFragment();
  const token = fragment.get('token');
  const [email, setEmail] = useState('');
  const [sent, setSent] = useState(false);
  const [step, setStep] = useState<SecondStep>();
  const next = search.get('next');

  const done: Done = (secondStep) => {
    if (secondStep) setStep(secondStep);
    else navigate(safeNext(next), { replace: true });
  };
  if (step) return <SecondStepForm step={step} email={email} onOver={() => navigate('/login', { replace: true })} onDone={() => done(null)} />;
  if (token !== null) return <Arrived token={token} onDone={done} onNew={forget} />;
  if (sent) return <EnterCode email={email} onDone={done} onAgain={() => setSent(false)} />;
  return <Ask email={email} onEmail={setEmail} onSent={() => setSent(true)} />;
}
