import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { useOptions } from '@/features/auth';
import { securityQuery } from './security/data';
import { ts } from './strings';

/** Asks for a confirmed address where this server wants one. An account from before that has none yet. */
export default function VerifyNote() {
  const { data: options } = useOptions();
  const { data: security } = useQuery({ ...securityQuery, enabled: options?.email_verification === 'required' });
  if (!security || security.email_verified) return null;
  return (
    <p className="sidebar-note-box" role="status">
      {ts('verify')} <Link href="/account/security">{ts('verify_now')}</Link>
    </p>
  );
}
