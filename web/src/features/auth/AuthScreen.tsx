import { useState } from 'react';
import { Link, Redirect, useSearchParams } from 'wouter';
import { OfflineError } from '@/lib/api';
import { t } from '@/lib/strings';
import { Field, FormError } from '@/ui/Field';
import { useSubmit } from '@/ui/useSubmit';
import { AuthCard } from './AuthCard';
import { AuthForm } from './AuthForm';
import { safeNext } from './next';
import { useOptions, type SignInOptions } from './options';
import { OtherWays } from './OtherWays';
import { NewPasswordField, PasswordField } from './PasswordField';
import { SecondStepForm } from './SecondStepForm';
import { signIn, type SecondStep, type SecondStepMethod } from './sign-in';
import { describeProviderError, ta } from './strings';
import { useTypedEmail } from './typed-email';
import { useFragment } from './useFragment';
import { useNewPassword } from './useNewPassword';
import { usePasskey } from './usePasskey';

export type Mode = 'login' | 'signup';

interface FormProps {
  mode: Mode;
  firstRun: boolean;
  suggestsPasskeys: boolean;
  email: string;
  onEmail: (email: string) => void;
  onSecondStep: (step: SecondStep) => void;
}

function Form({ mode, firstRun, suggestsPasskeys, email, onEmail, onSecondStep }: FormProps) {
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const fresh = useNewPassword();
  const signup = mode === 'signup';

  const form = useSubmit(async () => {
    if (signup && !fresh.accept()) return;
    const step = await signIn(mode, signup ? { email, password: fresh.value, name } : { email, password });
    if (step) onSecondStep(step);
  });

  return (
    <AuthForm form={form} action={signup ? (firstRun ? ta('create_first') : ta('create')) : ta('log_in')}>
      {signup && (
        <Field label={ta('name')} name="name" autoComplete="name" autoFocus required maxLength={100} value={name} onChange={(event) => setName(event.target.value)} />
      )}
      <Field
        label={ta('email')}
        name="email"
        type="email"
        autoComplete={signup ? 'email' : suggestsPasskeys ? 'username webauthn' : 'username'}
        autoFocus={!signup}
        required
        maxLength={254}
        value={email}
        onChange={(event) => onEmail(event.target.value)}
      />
      {signup ? (
        <NewPasswordField label={ta('password')} password={fresh} />
      ) : (
        <PasswordField label={ta('password')} value={password} onValue={setPassword} />
      )}
      {!signup && (
        <Link className="auth-forgot" href="/forgot-password">
          {ta('forgot')}
        </Link>
      )}
    </AuthForm>
  );
}

/** The second step that the way back from a provider asks for. */
function secondStepOf(values: URLSearchParams): SecondStep | undefined {
  const token = values.get('mfa_token');
  const methods = (values.get('methods') ?? '').split(',').filter(Boolean) as SecondStepMethod[];
  return token === null ? undefined : { token, methods };
}

function providerName(options: SignInOptions | undefined, id: string): string {
  return options?.providers.find((one) => one.id === id)?.name ?? id;
}

export default function AuthScreen({ mode }: { mode: Mode }) {
  const [search] = useSearchParams();
  const [arrived, forget] = useFragment();
  const { data: options, error: failure } = useOptions();
  const [step, setStep] = useState<SecondStep>();
  const [over, setOver] = useState<string>();
  const [email, setEmail] = useTypedEmail();
  const current = step ?? secondStepOf(arrived);
  const passkey = usePasskey(mode === 'login' && options?.passkeys === true && current === undefined);
  const next = search.get('next');
  const suffix = next ? `?next=${encodeURIComponent(next)}` : '';
  const firstRun = options?.first_run ?? false;
  const closed = options?.signup_open === false;

  if (current) {
    const end = (reason?: string): void => {
      forget();
      setStep(undefined);
      setOver(reason);
    };
    return <SecondStepForm step={current} email={email} onOver={end} />;
  }
  if (firstRun && mode === 'login') return <Redirect to={`/signup${suffix}`} replace />;
  const signup = mode === 'signup';
  if (signup && closed) {
    return (
      <AuthCard title={ta('closed_title')} text={ta('closed_text')}>
        <p className="auth-other">
          {ta('have_account')} <Link href={`/login${suffix}`}>{ta('log_in')}</Link>
        </p>
      </AuthCard>
    );
  }
  const title = signup ? (firstRun ? ta('title_first') : ta('title_signup')) : ta('title_login');
  const text = signup ? (firstRun ? ta('text_first') : ta('text_signup')) : next ? ta('text_next') : undefined;
  const refusal = arrived.get('error');
  const refused = refusal === null ? undefined : describeProviderError(refusal, providerName(options, arrived.get('provider') ?? ''));
  const said = over ?? passkey.error ?? refused;

  return (
    <AuthCard title={title} text={text}>
      {failure && <FormError>{failure instanceof OfflineError ? t('error.offline') : t('error.server')}</FormError>}
      {said && <FormError>{said}</FormError>}
      <Form key={mode} mode={mode} firstRun={firstRun} suggestsPasskeys={passkey.available} email={email} onEmail={setEmail} onSecondStep={setStep} />
      {options && !firstRun && <OtherWays options={options} signup={signup} next={safeNext(next)} suffix={suffix} passkey={passkey} />}
      {/* Not before the ways above it: it would move away from under somebody's finger. */}
      {(options ?? failure) && !firstRun && (
        <p className="auth-other">
          {signup ? (
            <>
              {ta('have_account')} <Link href={`/login${suffix}`}>{ta('log_in')}</Link>
            </>
          ) : (
            !closed && (
              <>
                {ta('no_account')} <Link href={`/signup${suffix}`}>{ta('create')}</Link>
              </>
            )
          )}
        </p>
      )}
    </AuthCard>
  );
}
