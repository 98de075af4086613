// Two ways in go by mail, the sign-in link and the new password: an address is asked for, a mail goes there, and its
// link or its code comes back.
import { useState, type ReactNode } from 'react';
import { Link } from 'wouter';
import { api } from '@/lib/api';
import { Button } from '@/ui/Button';
import { CodeField } from '@/ui/CodeField';
import { Field } from '@/ui/Field';
import { useSubmit } from '@/ui/useSubmit';
import { AuthCard } from './AuthCard';
import { AuthForm } from './AuthForm';
import { FocusedLink } from './FocusedLink';
import { MailNote } from './MailNote';
import { ta } from './strings';
import { useTypedEmail } from './typed-email';

interface ByMailProps {
  title: string;
  text: string;
  /** The call that sends the mail; its answer is the same for every address. */
  path: string;
  /** What takes the code, once the mail is on its way. */
  children: (email: string, again: () => void) => ReactNode;
}

export function ByMail({ title, text, path, children }: ByMailProps) {
  const [email, setEmail] = useTypedEmail();
  const [sent, setSent] = useState(false);
  const form = useSubmit(async () => {
    await api.post(path, { email });
    setSent(true);
  });
  if (sent) return children(email, () => setSent(false));
  return (
    <AuthCard title={title} text={text}>
      <AuthForm form={form} action={ta('link.send')}>
        <Field label={ta('email')} name="email" type="email" autoComplete="email" autoFocus required maxLength={254} value={email} onChange={(event) => setEmail(event.target.value)} />
      </AuthForm>
      <p className="auth-other">
        <Link href="/login">{ta('back')}</Link>
      </p>
    </AuthCard>
  );
}

interface MailedCodeProps {
  text: string;
  action: string;
  onCode: (code: string) => Promise<void>;
  onAgain: () => void;
  /** What is asked for beside the code. */
  children?: ReactNode;
}

export function MailedCode({ text, action, onCode, onAgain, children }: MailedCodeProps) {
  const [code, setCode] = useState('');
  const form = useSubmit(() => onCode(code));
  return (
    <AuthCard title={ta('link.sent_title')} text={text}>
      <MailNote />
      <AuthForm form={form} action={action}>
        <CodeField value={code} onValue={setCode} />
        {children}
      </AuthForm>
      <div className="auth-ways">
        <Button onClick={onAgain}>{ta('reset.again')}</Button>
        <Link className="button button-quiet" href="/login">
          {ta('back')}
        </Link>
      </div>
    </AuthCard>
  );
}

/** The way on from a link that does not work. */
export function NewLink({ to }: { to: string }) {
  return (
    <div className="auth-ways">
      <FocusedLink to={to}>{ta('link.new')}</FocusedLink>
      <Link className="button button-quiet" href="/login">
        {ta('back')}
      </Link>
    </div>
  );
}

/** A link of a mail that came here without its token. */
export function BrokenLink({ again }: { again: string }) {
  return (
    <AuthCard title={ta('link.broken_title')} text={ta('link.broken_text')}>
      <NewLink to={again} />
    </AuthCard>
  );
}
