import { useEffect, useRef } from 'react';
import { useOptions } from '@/features/auth';
import { api } from '@/lib/api';
import { formatDate } from '@/lib/i18n';
import { toast } from '@/lib/toasts';
import { Button } from '@/ui/Button';
import { FormError } from '@/ui/Field';
import { reportFailure } from '@/ui/query';
import { useSubmit } from '@/ui/useSubmit';
import { Row } from '../Row';
import { DIRECTORY, refresh, useIdentities, type LinkedIdentity } from './data';
import { stepUp } from './step-up';
import { tx } from './strings';

const HERE = '/account/security';
const ERRORS = { oidc_cancelled: 'identities.cancelled', identity_taken: 'identities.taken' } as const;

interface Provider {
  readonly id: string;
  readonly name: string;
}

function IdentityRow({ identity: { id, name, email, created_at: created } }: { identity: LinkedIdentity }) {
  const remove = async (): Promise<void> => {
    try {
      const done = await stepUp((proof) => api.delete(`/api/me/identities/${id}`, proof).then(() => true));
      if (!done) return;
      toast(tx('identities.removed', { name }));
      refresh('identities');
    } catch (error) {
      reportFailure(tx('identities.remove_failed', { name }), error);
    }
  };
  return (
    <Row
      title={
        <>
          <strong>{name}</strong> {email}
        </>
      }
      note={tx('identities.created', { date: formatDate(created) })}
      remove={{ label: tx('identities.remove', { name }), question: tx('identities.remove_text', { name }), sure: tx('identities.remove_sure'), run: remove }}
    />
  );
}

function Connect({ provider: { id, name } }: { provider: Provider }) {
  const form = useSubmit(async () => {
    const begun = await stepUp((proof) => api.post<{ url: string }>(`/api/me/identities/${encodeURIComponent(id)}/start`, { ...proof, return_to: HERE }));
    if (begun) window.location.assign(begun.url);
  });
  return (
    <>
      {form.error && <FormError>{form.error}</FormError>}
      <Button busy={form.busy} onClick={form.onSubmit}>
        {tx('identities.connect', { name })}
      </Button>
    </>
  );
}

/** What the way back from a provider says, once. */
function useArrival(providers: readonly Provider[] | undefined): void {
  const said = useRef(false);
  useEffect(() => {
    if (!providers || said.current) return;
    said.current = true;
    const { pathname, hash } = window.location;
    const values = new URLSearchParams(hash.slice(1));
    const linked = values.get('linked');
    const code = values.get('error');
    if (linked === null && code === null) return;
    history.replaceState(history.state, '', pathname);
    const id = linked ?? values.get('provider') ?? '';
    const name = providers.find((one) => one.id === id)?.name ?? id;
    if (linked !== null) toast(tx('identities.connected', { name }));
    else toast(tx(code !== null && code in ERRORS ? ERRORS[code as keyof typeof ERRORS] : 'identities.failed', { name }), { kind: 'error' });
  }, [providers]);
}

/** Shown only where there is something to connect or to disconnect. */
export function Identities() {
  const options = useOptions();
  const list = useIdentities();
  const providers = options.data?.providers;
  useArrival(providers);
  const linked = list.data?.filter(({ provider }) => provider !== DIRECTORY);
  if (!providers || (providers.length === 0 && (linked?.length ?? 0) === 0)) return null;
  const left = providers.filter(({ id }) => !linked?.some(({ provider }) => provider === id));
  return (
    <section aria-labelledby="security-identities">
      <h2 id="security-identities">{tx('identities.title')}</h2>
      <p className="settings-text">{tx('identities.text')}</p>
      {list.isError && <FormError>{tx('failed')}</FormError>}
      <ul className="rows">
        {linked?.map((identity) => (
          <IdentityRow key={identity.id} identity={identity} />
        ))}
      </ul>
      {linked && (
        <div className="settings-buttons">
          {left.map((provider) => (
            <Connect key={provider.id} provider={provider} />
          ))}
        </div>
      )}
    </section>
  );
}
