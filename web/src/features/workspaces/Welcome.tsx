import { useState } from 'react';
import { useLocation } from 'wouter';
import { logOut } from '@/features/auth';
import { t } from '@/lib/strings';
import type { User } from '@/lib/types';
import { Button } from '@/ui/Button';
import { Field, FormError } from '@/ui/Field';
import { useTitle } from '@/ui/hooks';
import { EmptyState } from '@/ui/parts';
import { reportFailure } from '@/ui/query';
import { useSubmit } from '@/ui/useSubmit';
import { createWorkspace } from './data';

/** For somebody who has no workspace yet. */
export function Welcome({ me }: { me: User }) {
  useTitle(t('welcome.title', { name: me.name }));
  const [, navigate] = useLocation();
  const [name, setName] = useState(t('welcome.suggestion', { name: me.name.split(' ')[0] ?? me.name }));
  const form = useSubmit(async () => {
    const { id } = await createWorkspace(name.trim());
    navigate(`/w/${id}`, { replace: true });
  });
  return (
    <main className="welcome">
      <EmptyState title={t('welcome.title', { name: me.name })} text={t('welcome.text')}>
        <form className="welcome-form" onSubmit={form.onSubmit}>
          {form.error && <FormError>{form.error}</FormError>}
          <Field label={t('workspace.name')} autoFocus value={name} required maxLength={100} onChange={(event) => setName(event.target.value)} />
          <Button kind="primary" type="submit" busy={form.busy}>
            {t('workspace.create')}
          </Button>
        </form>
      </EmptyState>
      <p className="welcome-who">
        <span>{t('welcome.who', { email: me.email })}</span>
        <Button kind="quiet" onClick={() => void logOut().catch((error: unknown) => reportFailure(t('log_out'), error))}>
          {t('log_out')}
        </Button>
      </p>
    </main>
  );
}
