import { useState } from 'react';
import { signedIn } from '@/features/auth';
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
        <Button type="submit" busy={form.busy}>
          {ts('save')}
        </Button>
      </form>
    </section>
  );
}
