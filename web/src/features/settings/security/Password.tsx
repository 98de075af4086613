import { useState } from 'react';
import { NewPasswordField, PasswordField, useNewPassword } from '@/features/auth';
import { api } from '@/lib/api';
import { toast } from '@/lib/toasts';
import { Button } from '@/ui/Button';
import { FormError } from '@/ui/Field';
import { useSubmit } from '@/ui/useSubmit';
import { refresh, type Security } from './data';
import { stepUp } from './step-up';
import { tx } from './strings';

export function Password({ security: { email, has_password: has } }: { security: Security }) {
  const [current, setCurrent] = useState('');
  const fresh = useNewPassword();
  const form = useSubmit(async () => {
    if (!fresh.accept()) return;
    const set = (proof: object): Promise<true> => api.post('/api/auth/password', { ...proof, new_password: fresh.value }).then(() => true);
    const done = has ? await set({ current_password: current }) : await stepUp(set);
    if (!done) return;
    setCurrent('');
    fresh.setValue('');
    toast(has ? tx('password.changed') : tx('password.was_set'));
    refresh('sessions');
  });
  return (
    <section aria-labelledby="security-password">
      <h2 id="security-password">{tx('password.title')}</h2>
      <p className="settings-text">{has ? tx('password.hint') : tx('password.none')}</p>
      {form.error && <FormError>{form.error}</FormError>}
      <form className="settings-form" onSubmit={form.onSubmit}>
        {/* Password managers want to know whose password this is. */}
        <input type="email" autoComplete="username" value={email} readOnly hidden />
        {has && <PasswordField label={tx('password.current')} value={current} onValue={setCurrent} />}
        <NewPasswordField label={tx('password.new')} password={fresh} />
        <Button type="submit" busy={form.busy}>
          {has ? tx('password.change') : tx('password.set')}
        </Button>
      </form>
    </section>
  );
}
