import { useState } from 'react';
import { checkPassword, PasswordField, signedIn } from '@/features/auth';
import { api } from '@/lib/api';
import { toast } from '@/lib/toasts';
import type { User } from '@/lib/types';
import { Button } from '@/ui/Button';
import { Field, FormError } from '@/ui/Field';
import { useSubmit } from '@/ui/useSubmit';
import { ts } from './strings';

export function Profile({ me }: { me: User }) {
  const [name, setName] = useState(me.name);
  const form = useSubmit(async () => {
    signedIn(await api.patch<User>('/api/me', { name: name.trim() }));
    toast(ts('saved'));
  });
  return (
    <section aria-labelledby="settings-profile">
      <h2 id="settings-profile">{ts('profile')}</h2>
      {form.error && <FormError>{form.error}</FormError>}
      <form className="settings-form" onSubmit={form.onSubmit}>
        <Field label={ts('email')} type="email" autoComplete="email" value={me.email} readOnly />
        <Field
          label={ts('name')}
          hint={ts('name_hint')}
          autoComplete="name"
          required
          maxLength={100}
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <Button type="submit" busy={form.busy} disabled={name.trim() === me.name}>
          {ts('save')}
        </Button>
      </form>
    </section>
  );
}

export function Password({ me }: { me: User }) {
  const [current, setCurrent] = useState('');
  const [fresh, setFresh] = useState('');
  const form = useSubmit(async () => {
    await api.post('/api/auth/password', { current_password: current, new_password: fresh });
    setCurrent('');
    setFresh('');
    toast(ts('password_changed'));
  });
  return (
    <section aria-labelledby="settings-password">
      <h2 id="settings-password">{ts('password')}</h2>
      <p className="settings-text">{ts('password_hint')}</p>
      {form.error && <FormError>{form.error}</FormError>}
      <form className="settings-form" onSubmit={form.onSubmit}>
        {/* Password managers want to know whose password this is. */}
        <input type="email" autoComplete="username" value={me.email} readOnly hidden />
        <PasswordField label={ts('current')} value={current} onValue={setCurrent} />
        <PasswordField label={ts('new')} isNew value={fresh} onValue={setFresh} />
        <Button type="submit" busy={form.busy} disabled={current === '' || !checkPassword(fresh).ok}>
          {ts('change')}
        </Button>
      </form>
    </section>
  );
}
