import { Link } from 'wouter';
import { hostOf } from '@/lib/elsewhere';
import { t } from '@/lib/strings';
import { EmptyState } from './parts';

/** Says that this lives in another cell, and leads to the same place there. Nobody is sent on unasked: they have to sign in. */
export function Elsewhere({ address }: { address: string }) {
  const known = address !== '';
  return (
    <EmptyState title={t('elsewhere.title')} text={known ? t('elsewhere.text', { host: hostOf(address) }) : t('elsewhere.nowhere')}>
      {known && (
        <a className="button button-primary" href={`${address}${location.pathname}${location.hash}`}>
          {t('elsewhere.open', { host: hostOf(address) })}
        </a>
      )}
      <Link className="button button-plain" href="/">
        {t('workspace.home')}
      </Link>
    </EmptyState>
  );
}
