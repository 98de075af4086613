import { useQuery } from '@tanstack/react-query';
import { api } from '@/lib/api';
import { formatDate } from '@/lib/i18n';
import { Button } from '@/ui/Button';
import { optimistic } from '@/ui/query';
import { Row } from '../Row';
import { to } from './strings';

interface Suppression {
  readonly email: string;
  readonly reason: 'bounce' | 'complaint';
  readonly detail: string;
  /** Milliseconds. */
  readonly created_at: number;
}

type List = readonly Suppression[];

const KEY = ['suppressions'] as const;

/** Nothing is shown as long as every address takes its mail. */
export function Suppressions() {
  const { data } = useQuery({ queryKey: KEY, queryFn: ({ signal }) => api.get<{ items: List }>('/api/mail/suppressions', signal).then(({ items }) => items) });
  if (!data || data.length === 0) return null;
  const lift = (address: string): Promise<unknown> =>
    optimistic<List, unknown>(KEY, (list) => list.filter(({ email }) => email !== address), () => api.delete(`/api/mail/suppressions?email=${encodeURIComponent(address)}`), to('suppressed.lift_failed', { address }));
  return (
    <section aria-labelledby="outbox-suppressed">
      <h2 id="outbox-suppressed">{to('suppressed.title')}</h2>
      <p className="settings-text">{to('suppressed.text')}</p>
      <ul className="rows">
        {data.map(({ email, reason, detail, created_at: created }) => (
          <Row key={email} title={<strong>{email}</strong>} note={[to(`suppressed.${reason}`), detail, formatDate(created)].filter(Boolean).join(' · ')}>
            <Button aria-label={to('suppressed.lift_to', { address: email })} onClick={() => void lift(email)}>
              {to('suppressed.lift')}
            </Button>
          </Row>
        ))}
      </ul>
    </section>
  );
}
