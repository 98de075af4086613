import { useEffect, useState } from 'react';
import type { DocumentSession, SyncState } from '@/core/sync';
import { useLate } from '@/ui/hooks';
import { t } from './strings';
import { useObservable } from './use-session';

/** "Saving…" stays a moment, so that a quick typist does not see the line flicker. Never the other way round. */
const SETTLE_MS = 500;

function useSettled(state: SyncState): SyncState {
  const [settled, setSettled] = useState(state);
  const calm = state.kind === 'saved' && settled.kind === 'saving';
  useEffect(() => {
    const timer = setTimeout(() => setSettled(state), calm ? SETTLE_MS : 0);
    return () => clearTimeout(timer);
  }, [state, calm]);
  return calm ? settled : state;
}

function textOf({ kind, error, pending, keptHere }: SyncState): string {
  if (kind === 'error') return t(`state.${error ?? 'refused'}`);
  if (kind === 'offline' && pending > 0) return t(keptHere ? 'state.offline_kept' : 'state.offline_unkept', { count: pending });
  if (kind === 'reconnecting' && pending > 0 && keptHere) return t('state.reconnecting_kept', { count: pending });
  return t(`state.${kind}`);
}

function helpOf({ kind }: SyncState): string {
  if (kind === 'live' || kind === 'saved' || kind === 'saving' || kind === 'readonly') return t(`state.help_${kind}`);
  return t('state.help_offline');
}

/** Said aloud only when it changes what a person should do: every "saved" would be noise. */
const isNews = ({ kind }: SyncState): boolean => kind === 'offline' || kind === 'error' || kind === 'reconnecting';

export function StateLine({ session }: { session: DocumentSession }) {
  const state = useSettled(useObservable(session.state));
  const late = useLate();
  if (state.kind === 'connecting' && !late) return null;
  return (
    <span className="doc-state" data-kind={state.kind} title={helpOf(state)}>
      <span className="doc-state-dot" aria-hidden="true" />
      <span className="doc-state-text">{textOf(state)}</span>
      <span className="visually-hidden" role="status">
        {isNews(state) ? textOf(state) : ''}
      </span>
    </span>
  );
}
