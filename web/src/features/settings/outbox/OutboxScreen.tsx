import { useInfiniteQuery, type InfiniteData } from '@tanstack/react-query';
import { api, ApiError } from '@/lib/api';
import { formatAgo } from '@/lib/i18n';
import type { User } from '@/lib/types';
import { Button } from '@/ui/Button';
import { CopyButton } from '@/ui/CopyButton';
import { FormError } from '@/ui/Field';
import { EmptyState, Skeleton } from '@/ui/parts';
import { optimistic } from '@/ui/query';
import { Row } from '../Row';
import { SettingsFrame } from '../SettingsFrame';
import { ts } from '../strings';
import { to } from './strings';
import { Suppressions } from './Suppressions';
import './outbox.css';

interface Mail {
  readonly id: string;
  readonly to: string;
  readonly subject: string;
  readonly state: 'queued' | 'sending' | 'ending' | 'sent' | 'failed' | 'suppressed' | 'unknown';
  /** Milliseconds. */
  readonly created_at: number;
  readonly error: string | null;
  /** Nobody knows whether it went, and it can be sent again. */
  readonly sendable: boolean;
  /** What it says; null once it was sent to a mail server. */
  readonly text: string | null;
  readonly link: string | null;
  readonly code: string | null;
}

interface Outbox {
  readonly kept: boolean;
  readonly items: readonly Mail[];
  readonly next_cursor: string | null;
}

const KEY = ['outbox'] as const;
const POLL_MS = 5_000;

const useOutbox = () =>
  useInfiniteQuery({
    queryKey: KEY,
    queryFn: ({ pageParam, signal }) => api.get<Outbox>(`/api/mail/outbox${pageParam ? `?cursor=${encodeURIComponent(pageParam)}` : ''}`, signal),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor,
    refetchInterval: POLL_MS,
  });

const isWebAddress = (link: string): boolean => /^https?:\/\//i.test(link);

function Content({ mail: { text, link, code } }: { mail: Mail }) {
  return (
    <div className="mail-content">
      {code && (
        <div className="mail-code">
          <code>{code}</code>
          <CopyButton text={code} label={to('copy_code')} />
        </div>
      )}
      {link && isWebAddress(link) && (
        <div className="settings-buttons">
          <a className="button button-plain" href={link}>
            {to('open_link')}
          </a>
          <CopyButton text={link} label={to('copy_link')} />
        </div>
      )}
      {text && (
        <pre className="mail-text" tabIndex={0} aria-label={to('text')} role="group">
          {text}
        </pre>
      )}
    </div>
  );
}

const queued = (one: Mail): Mail => ({ ...one, state: 'queued', sendable: false, error: null });

function sendAgain(mail: Mail): Promise<unknown> {
  const shown = (page: Outbox): Outbox => ({ ...page, items: page.items.map((one) => (one.id === mail.id ? queued(one) : one)) });
  return optimistic<InfiniteData<Outbox>, unknown>(
    KEY,
    (data) => ({ ...data, pages: data.pages.map(shown) }),
    () => api.post(`/api/mail/outbox/${mail.id}/again`),
    to('again_failed', { address: mail.to }),
  );
}

function MailRow({ mail, kept }: { mail: Mail; kept: boolean }) {
  const subject = <strong>{mail.subject}</strong>;
  const facts = [to('to', { address: mail.to }), formatAgo(mail.created_at), ...(kept ? [] : [to(`state.${mail.state}`)])].join(' · ');
  if (mail.sendable)
    return (
      <Row title={subject} note={[facts, mail.error].join(' · ')}>
        <Button aria-label={to('again_to', { subject: mail.subject, address: mail.to })} onClick={() => void sendAgain(mail)}>
          {to('again')}
        </Button>
      </Row>
    );
  const head = (
    <>
      {subject}
      <span className="row-note">{facts}</span>
      {mail.error && <span className="row-note">{mail.error}</span>}
    </>
  );
  if (mail.text === null && mail.link === null && mail.code === null) return <li className="mail mail-head">{head}</li>;
  return (
    <li className="mail">
      <details>
        <summary className="mail-head">{head}</summary>
        <Content mail={mail} />
      </details>
    </li>
  );
}

/** The mails of this server, for whoever runs it. Without a mail server, this is the mailbox. */
export default function OutboxScreen({ me }: { me: User }) {
  const { data, error, hasNextPage, fetchNextPage, isFetchingNextPage } = useOutbox();
  const forbidden = error instanceof ApiError && error.status === 403;
  const mails = data?.pages.flatMap(({ items }) => items);
  const kept = data?.pages[0]?.kept ?? true;
  return (
    <SettingsFrame me={me} title={ts('outbox')}>
      {forbidden && <EmptyState level={2} title={to('forbidden')} />}
      {error && !forbidden && <FormError>{to('failed')}</FormError>}
      {!mails && !error && <Skeleton />}
      {mails && <p className="settings-text">{kept ? to('kept_text') : to('sent_text')}</p>}
      {mails?.length === 0 && <EmptyState level={2} title={to('none')} text={to('none_text')} />}
      {mails && mails.length > 0 && (
        <ul className="rows">
          {mails.map((mail) => (
            <MailRow key={mail.id} mail={mail} kept={kept} />
          ))}
        </ul>
      )}
      {hasNextPage && (
        <Button busy={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          {to('more')}
        </Button>
      )}
      {mails && <Suppressions />}
    </SettingsFrame>
  );
}
