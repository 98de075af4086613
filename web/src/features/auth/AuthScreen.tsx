import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, Redirect, useLocation, useSearchParams } from 'wouter';
import { api } from '@/lib/api';
import { t } from '@/lib/strings';
import type { ServerConfig, User } from '@/lib/types';
import { Button } from '@/ui/Button';
import { Field, FormError } from '@/ui/Field';
import { useSubmit } from '@/ui/useSubmit';
import { safeNext } from './next';
import { checkPassword } from './password';
import { PasswordField } from './PasswordField';
import { signedIn } from './session';
import './auth.css';

type Mode = 'login' | 'signup';

function Form({ mode, firstRun }: { mode: Mode; firstRun: boolean }) {
  const [search] = useSearchParams();
  const [, navigate] = useLocation();
  const [email, setEmail] = useState('');
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const signup = mode === 'signup';

  const { busy, error, onSubmit } = useSubmit(async () => {
    const body = signup ? { email, password, name } : { email, password };
    const { user } = await api.post<{ user: User }>(`/api/auth/${mode}?session=cookie`, body);
    signedIn(user);
    navigate(safeNext(search.get('next')), { replace: true });
  });

  return (
    <form className="auth-form" onSubmit={onSubmit}>
      {error && <FormError>{error}</FormError>}
      {signup && (
        <Field label={t('auth.name')} name="name" autoComplete="name" autoFocus required maxLength={100} value={name} onChange={(event) => setName(event.target.value)} />
      )}
      <Field
        label={t('auth.email')}
        name="email"
        type="email"
        autoComplete={signup ? 'email' : 'username'}
        autoFocus={!signup}
        required
        maxLength={254}
        value={email}
        onChange={(event) => setEmail(event.target.value)}
      />
      <PasswordField label={t('auth.password')} isNew={signup} value={password} onValue={setPassword} />
      <Button kind="primary" type="submit" busy={busy} disabled={signup && !checkPassword(password).ok}>
        {signup ? (firstRun ? t('auth.create_first') : t('auth.create')) : t('auth.log_in')}
      </Button>
    </form>
  );
}

export default function AuthScreen({ mode }: { mode: Mode }) {
  const [search] = useSearchParams();
  const config = useQuery({ queryKey: ['config'], queryFn: ({ signal }) => api.get<ServerConfig>('/api/config', signal) });
  const next = search.get('next');
  const suffix = next ? `?next=${encodeURIComponent(next)}` : '';
  const firstRun = config.data?.first_run ?? false;
  const closed = config.data?.signup_open === false;

  if (firstRun && mode === 'login') return <Redirect to={`/signup${suffix}`} replace />;
  const signup = mode === 'signup';
  const title = signup ? (firstRun ? t('auth.title_first') : t('auth.title_signup')) : t('auth.title_login');
  const text = signup ? (firstRun ? t('auth.text_first') : t('auth.text_signup')) : next ? t('auth.text_next') : undefined;

  return (
    <main className="auth">
      <div className="auth-card">
        <p className="auth-brand">
          <img src="/favicon.svg" alt="" width="28" height="28" />
          {t('app.name')}
        </p>
        <h1>{signup && closed ? t('auth.closed_title') : title}</h1>
        {signup && closed ? <p className="auth-text">{t('auth.closed_text')}</p> : text && <p className="auth-text">{text}</p>}
        {config.isError && <FormError>{t('error.offline')}</FormError>}
        {!(signup && closed) && <Form key={mode} mode={mode} firstRun={firstRun} />}
        {!firstRun && (
          <p className="auth-other">
            {signup ? (
              <>
                {t('auth.have_account')} <Link href={`/login${suffix}`}>{t('auth.log_in')}</Link>
              </>
            ) : (
              !closed && (
                <>
                  {t('auth.no_account')} <Link href={`/signup${suffix}`}>{t('auth.create')}</Link>
                </>
              )
            )}
          </p>
        )}
      </div>
    </main>
  );
}
