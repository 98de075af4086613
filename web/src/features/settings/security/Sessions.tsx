import { useOptions } from '@/features/auth';
import { api } from '@/lib/api';
import { formatAgo, formatDate } from '@/lib/i18n';
import { toast } from '@/lib/toasts';
import { Button } from '@/ui/Button';
import { FormError } from '@/ui/Field';
import { focusHeading } from '@/ui/focus-return';
import { Skeleton } from '@/ui/parts';
import { optimistic } from '@/ui/query';
import { Row } from '../Row';
import { KEYS, useSessions, type Session } from './data';
import { tx } from './strings';

type List = readonly Session[];

const WAYS = ['password', 'signup', 'magic_link', 'passkey'] as const;

function wayOf(method: string, providers: readonly { id: string; name: string }[]): string {
  const known = WAYS.find((way) => way === method);
  return known ? tx(`sessions.way.${known}`) : (providers.find(({ id }) => id === method)?.name ?? method);
}

export function Sessions() {
  const list = useSessions();
  const options = useOptions();
  const providers = options.data?.providers ?? [];
  const others = list.data?.some(({ current }) => !current) ?? false;

  const end = ({ id, device }: Session): Promise<unknown> =>
    optimistic<List, unknown>(KEYS.sessions, (sessions) => sessions.filter((one) => one.id !== id), () => api.delete(`/api/me/sessions/${id}`), tx('sessions.end_failed', { device }));
  const endOthers = async (): Promise<void> => {
    const done = await optimistic<List, true>(
      KEYS.sessions,
      (sessions) => sessions.filter(({ current }) => current),
      () => api.delete('/api/me/sessions?others=true').then(() => true),
      tx('sessions.end_others_failed'),
    );
    if (!done) return;
    toast(tx('sessions.ended_others'));
    focusHeading(document.getElementById('security-sessions'));
  };

  return (
    <section aria-labelledby="security-sessions">
      <h2 id="security-sessions">{tx('sessions.title')}</h2>
      {list.isPending && <Skeleton lines={3} />}
      {list.isError && <FormError>{tx('failed')}</FormError>}
      <ul className="rows">
        {list.data?.map((session) => (
          <Row
            key={session.id}
            title={
              <>
                <strong title={session.user_agent}>{session.device}</strong> {session.current && <span className="badge">{tx('sessions.current')}</span>}
              </>
            }
            note={[
              session.address,
              tx('sessions.by', { way: wayOf(session.method, providers) }),
              tx('sessions.began', { date: formatDate(session.created_at) }),
              ...(session.current ? [] : [tx('sessions.seen', { when: formatAgo(session.last_seen_at) })]),
            ].join(' · ')}
          >
            {!session.current && (
              <Button aria-label={tx('sessions.end_of', { device: session.device })} onClick={() => void end(session)}>
                {tx('sessions.end')}
              </Button>
            )}
          </Row>
        ))}
      </ul>
      {others && (
        <Button icon="leave" onClick={() => void endOthers()}>
          {tx('sessions.end_others')}
        </Button>
      )}
    </section>
  );
}
