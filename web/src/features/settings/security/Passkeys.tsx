import { useState } from 'react';
import { useOptions } from '@/features/auth';
import { api } from '@/lib/api';
import { formatAgo, formatDate } from '@/lib/i18n';
import { hasPasskeys, makePasskey } from '@/lib/passkey';
import { toast } from '@/lib/toasts';
import { Button } from '@/ui/Button';
import { Field, FormError } from '@/ui/Field';
import { Skeleton } from '@/ui/parts';
import { showPrompt } from '@/ui/prompt';
import { reportFailure } from '@/ui/query';
import { useSubmit } from '@/ui/useSubmit';
import { Row } from '../Row';
import { refresh, usePasskeys, type Passkey } from './data';
import { stepUp } from './step-up';
import { tx } from './strings';

function PasskeyRow({ passkey: { id, name, created_at: created, last_used_at: used, synced } }: { passkey: Passkey }) {
  const rename = (): void =>
    showPrompt({
      title: tx('passkeys.rename', { name }),
      label: tx('passkeys.name'),
      initial: name,
      submit: tx('passkeys.rename_short'),
      onSubmit: async (next) => {
        await api.patch(`/api/me/passkeys/${id}`, { name: next });
        refresh('passkeys');
      },
    });
  const remove = async (): Promise<void> => {
    try {
      const done = await stepUp((proof) => api.delete(`/api/me/passkeys/${id}`, proof).then(() => true));
      if (!done) return;
      toast(tx('passkeys.removed', { name }));
      refresh('passkeys');
    } catch (error) {
      reportFailure(tx('passkeys.remove_failed', { name }), error);
    }
  };
  const facts = [tx('passkeys.created', { date: formatDate(created) }), used ? tx('passkeys.used', { when: formatAgo(used) }) : tx('passkeys.never'), ...(synced ? [tx('passkeys.synced')] : [])];
  return (
    <Row
      title={<strong>{name}</strong>}
      note={facts.join(' · ')}
      remove={{ label: tx('passkeys.remove', { name }), question: tx('passkeys.remove_text', { name }), sure: tx('passkeys.remove_sure'), run: remove }}
    >
      <Button kind="quiet" icon="pencil" aria-label={tx('passkeys.rename', { name })} title={tx('passkeys.rename', { name })} onClick={rename} />
    </Row>
  );
}

function Add() {
  const [name, setName] = useState(tx('passkeys.suggestion'));
  const form = useSubmit(async () => {
    const begun = await stepUp((proof) => api.post<Parameters<typeof makePasskey>[0]>('/api/me/passkeys/begin', proof));
    if (!begun) return;
    const made = await api.post<Passkey>('/api/me/passkeys/finish', { ...(await makePasskey(begun)), name: name.trim() });
    toast(tx('passkeys.added', { name: made.name }));
    setName(tx('passkeys.suggestion'));
    refresh('passkeys');
  });
  return (
    <>
      {form.error && <FormError>{form.error}</FormError>}
      <form className="settings-row" onSubmit={form.onSubmit}>
        <Field label={tx('passkeys.name')} value={name} required maxLength={100} autoComplete="off" onChange={(event) => setName(event.target.value)} />
        <Button type="submit" icon="key" busy={form.busy}>
          {tx('passkeys.add')}
        </Button>
      </form>
    </>
  );
}

const sameAtLocalhost = (): string => `${location.protocol}//localhost${location.port && `:${location.port}`}${location.pathname}`;

export function Passkeys() {
  const options = useOptions();
  const list = usePasskeys();
  const offered = options.data?.passkeys;
  return (
    <section aria-labelledby="security-passkeys">
      <h2 id="security-passkeys">{tx('passkeys.title')}</h2>
      <p className="settings-text">{tx('passkeys.text')}</p>
      {list.isPending && <Skeleton lines={2} />}
      {list.isError && <FormError>{tx('failed')}</FormError>}
      {list.data?.length === 0 && offered && <p className="settings-text">{tx('passkeys.none')}</p>}
      <ul className="rows">
        {list.data?.map((passkey) => (
          <PasskeyRow key={passkey.id} passkey={passkey} />
        ))}
      </ul>
      {offered === false &&
        (location.hostname === '127.0.0.1' ? (
          <p className="settings-text">
            {tx('passkeys.localhost')} <a href={sameAtLocalhost()}>{sameAtLocalhost()}</a>
          </p>
        ) : (
          <p className="settings-text">{tx('passkeys.unavailable')}</p>
        ))}
      {offered && !hasPasskeys() && <p className="settings-text">{tx('passkeys.old_browser')}</p>}
      {offered && hasPasskeys() && <Add />}
    </section>
  );
}
