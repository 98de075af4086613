import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '@/lib/api';
import { formatAgo, formatDate } from '@/lib/i18n';
import { toast } from '@/lib/toasts';
import { Button } from '@/ui/Button';
import { CopyButton } from '@/ui/CopyButton';
import { Field, FormError, Select } from '@/ui/Field';
import { Skeleton } from '@/ui/parts';
import { optimistic, queryClient } from '@/ui/query';
import { useSubmit } from '@/ui/useSubmit';
import { Row } from './Row';
import { stepUp } from './security/step-up';
import { ts } from './strings';

type Scope = 'read' | 'write';

interface ApiKey {
  readonly id: string;
  readonly name: string;
  readonly scope: Scope;
  readonly prefix: string;
  readonly created_at: string;
  readonly last_used_at: string | null;
}

type Keys = readonly ApiKey[];

const KEY = ['keys'] as const;
const SCOPES: readonly Scope[] = ['write', 'read'];
const CHOICES = SCOPES.map((value) => ({ value, label: ts(`scope.${value}`) }));

function KeyRow({ item }: { item: ApiKey }) {
  const { id, name, scope, prefix, created_at: created, last_used_at: used } = item;

  const revoke = async (): Promise<void> => {
    const done = await optimistic<Keys, true>(KEY, (list) => list.filter((one) => one.id !== id), () => api.delete(`/api/keys/${id}`).then(() => true), ts('revoke_failed', { name }));
    if (done) toast(ts('revoked', { name }));
  };

  return (
    <Row
      title={
        <>
          <strong>{name}</strong> <code>{prefix}…</code>
        </>
      }
      note={`${ts(`scope.${scope}`)} · ${ts('created', { date: formatDate(created) })} · ${used ? ts('used', { when: formatAgo(used) }) : ts('never_used')}`}
      remove={{ label: ts('revoke', { name }), question: ts('revoke_text', { name }), sure: ts('revoke_sure'), run: revoke }}
    />
  );
}

export function ApiKeys() {
  const [name, setName] = useState('');
  const [scope, setScope] = useState<Scope>('write');
  const [fresh, setFresh] = useState<{ readonly id: string; readonly key: string }>();
  const keys = useQuery({ queryKey: KEY, queryFn: ({ signal }) => api.get<{ items: Keys }>('/api/keys', signal).then(({ items }) => items) });
  const form = useSubmit(async () => {
    const made = await stepUp((proof) => api.post<ApiKey & { key: string }>('/api/keys', { name: name.trim(), scope, ...proof }));
    if (!made) return;
    const { key, ...created } = made;
    queryClient.setQueryData<Keys>(KEY, (list) => [...(list ?? []), created]);
    setFresh({ id: created.id, key });
    setName('');
  });

  return (
    <section aria-labelledby="settings-keys">
      <h2 id="settings-keys">{ts('keys')}</h2>
      <p className="settings-text">{ts('keys_text')}</p>
      {keys.isPending && <Skeleton lines={2} />}
      {keys.isError && <FormError>{ts('keys_failed')}</FormError>}
      {keys.data?.length === 0 && <p className="settings-text">{ts('keys_none')}</p>}
      <ul className="rows">
        {keys.data?.map((item) => (
          <KeyRow key={item.id} item={item} />
        ))}
      </ul>
      {fresh && keys.data?.some(({ id }) => id === fresh.id) && (
        <div className="key-fresh" role="status">
          <p>{ts('key_once')}</p>
          <div className="key-fresh-row">
            <code>{fresh.key}</code>
            <CopyButton text={fresh.key} label={ts('copy_key')} />
          </div>
        </div>
      )}
      {form.error && <FormError>{form.error}</FormError>}
      <form className="settings-row" onSubmit={form.onSubmit}>
        <Field label={ts('key_name')} value={name} required maxLength={100} autoComplete="off" onChange={(event) => setName(event.target.value)} />
        <Select label={ts('scope')} value={scope} choices={CHOICES} onChoose={setScope} />
        <Button type="submit" busy={form.busy}>
          {ts('create_key')}
        </Button>
      </form>
    </section>
  );
}
