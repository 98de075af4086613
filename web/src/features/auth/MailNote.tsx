import { useOptions } from './options';
import { ta } from './strings';

/** Where mails are when there is no mail server. */
export function MailNote() {
  const { data } = useOptions();
  return data?.mail === 'outbox' ? <p className="auth-note">{ta('mail.outbox')}</p> : null;
}
