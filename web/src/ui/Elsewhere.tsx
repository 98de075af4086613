import { hostOf } from '@/lib/elsewhere';
import { t } from '@/lib/strings';
import { EmptyState } from './parts';

/** Says that this lives in another cell, and leads to the same place there. Nobody is sent on unasked: they have to sign in. */
export function Elsewhere({ address }: { address: string }) {
  if (address === '') return <EmptyState title={t('elsewhere.title')} text={t('elsewhere.nowhere')} />;
  return (
    <EmptyState title={t('elsewhere.title')} text={t('elsewhere.text', { host: hostOf(address) })}>
      <a className="button button-primary" href={`${address}${location.pathname}${location.hash}`}>
        {t('elsewhere.open', { host: hostOf(address) })}
      </a>
    </EmptyState>
  );
}
