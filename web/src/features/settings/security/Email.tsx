import { useRef, useState } from 'react';
import { useOptions } from '@/features/auth';
import { api } from '@/lib/api';
import { toast } from '@/lib/toasts';
import { Button } from '@/ui/Button';
import { CodeField } from '@/ui/CodeField';
import { FormError } from '@/ui/Field';
import { useFocusGoesOn } from '@/ui/focus-return';
import { useSubmit } from '@/ui/useSubmit';
import { refresh, type Security } from './data';
import { tx } from './strings';

function Confirm({ onAgain }: { onAgain: () => Promise<void> }) {
  const [code, setCode] = useState('');
  const element = useRef<HTMLFormElement>(null);
  useFocusGoesOn(element);
  const options = useOptions();
  const form = useSubmit(async () => {
    await api.post('/api/auth/verify', { code });
    refresh();
    toast(tx('email.done'));
  });
  const again = useSubmit(onAgain);
  return (
    <>
      <p className="settings-text" role="status">
        {tx('email.sent')} {options.data?.mail === 'outbox' && tx('email.outbox')}
      </p>
      {(form.error ?? again.error) && <FormError>{form.error ?? again.error}</FormError>}
      <form ref={element} className="settings-form" onSubmit={form.onSubmit}>
        <CodeField value={code} onValue={setCode} />
        <div className="settings-buttons">
          <Button kind="primary" type="submit" busy={form.busy}>
            {tx('email.confirm')}
          </Button>
          <Button busy={again.busy} onClick={again.onSubmit}>
            {tx('email.again')}
          </Button>
        </div>
      </form>
    </>
  );
}

export function Email({ security }: { security: Security }) {
  const [sent, setSent] = useState(false);
  const send = async (): Promise<void> => {
    await api.post('/api/me/email/verification', {});
    setSent(true);
  };
  const form = useSubmit(send);
  const { email, email_verified: verified } = security;
  return (
    <section aria-labelledby="security-email">
      <h2 id="security-email">{tx('email.title')}</h2>
      <p>
        {email} <span className={verified ? 'badge' : 'badge badge-warn'}>{verified ? tx('email.verified') : tx('email.unverified')}</span>
      </p>
      {!verified && !sent && (
        <>
          <p className="settings-text">{tx('email.text')}</p>
          {form.error && <FormError>{form.error}</FormError>}
          <form onSubmit={form.onSubmit}>
            <Button type="submit" icon="mail" busy={form.busy}>
              {tx('email.send')}
            </Button>
          </form>
        </>
      )}
      {!verified && sent && <Confirm onAgain={send} />}
    </section>
  );
}
