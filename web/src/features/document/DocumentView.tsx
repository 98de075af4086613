import { useCallback, useEffect, useRef } from 'react';
import { Link } from 'wouter';
import { useDocuments } from '@/features/tree';
import { openableAddress } from '@/lib/elsewhere';
import { displayName } from '@/lib/paths';
import { toast } from '@/lib/toasts';
import type { User } from '@/lib/types';
import { Button } from '@/ui/Button';
import { Elsewhere } from '@/ui/Elsewhere';
import { useLate, useReachable } from '@/ui/hooks';
import { EmptyState, Skeleton } from '@/ui/parts';
import { queryClient } from '@/ui/query';
import { Drafts } from './Banners';
import { t } from './strings';
import { mayWrite, useDocumentInfo, useDocumentSession, useObservable } from './use-session';
import { Workbench } from './Workbench';
import './document.css';

export interface DocumentViewProps {
  documentId: string;
  workspaceId: string;
  me: User;
}

/** When live editing takes this long to connect, the text the server sent is shown for reading meanwhile. */
const STAND_IN_AFTER_MS = 1_200;

/** One document: opened from the copy in this browser when there is one, and from the server otherwise. */
export function DocumentView({ documentId, workspaceId, me }: DocumentViewProps) {
  const session = useDocumentSession(documentId, me);
  const { info, content, missing, moved, refetch } = useDocumentInfo(documentId, session);
  const state = useObservable(session.state);
  const ready = useObservable(session.ready);
  const slow = useLate(STAND_IN_AFTER_MS);
  const reachable = useReachable();

  const refusal = state.error === 'gone' || state.error === 'no-right' ? state.error : missing ? 'gone' : null;
  const tryAgain = useCallback((): void => {
    session.retry();
    void refetch();
  }, [session, refetch]);
  useReturn(workspaceId, documentId, refusal === 'gone', tryAgain);
  const address = state.error === 'elsewhere' ? (openableAddress(state.address) ?? '') : moved;
  useMoved(address !== null);
  useRightNews(info?.role);
  if (address !== null) {
    return (
      <div className="doc-refusal">
        <Drafts session={session} />
        <Elsewhere address={address} />
      </div>
    );
  }
  if (refusal) {
    // What was never seen here may as well be a wrong address.
    const said = refusal === 'gone' && !info ? 'missing' : refusal;
    return (
      <div className="doc-refusal">
        <Drafts session={session} />
        <EmptyState title={t(`${said}.title`)} text={t(`${said}.text`)}>
          {said === 'gone' && mayWrite(info?.role) && (
            <Link className="button button-primary" href={`/w/${workspaceId}/trash`}>
              {t('gone.trash')}
            </Link>
          )}
          <Button onClick={tryAgain}>{t('banner.try_again')}</Button>
        </EmptyState>
      </div>
    );
  }
  if (!info || (!ready && (content === undefined || !slow))) {
    const unavailable = !ready && (state.kind === 'offline' || (slow && !reachable));
    return unavailable ? <EmptyState title={t('unavailable.title')} text={t('unavailable.text')} /> : <DocumentSkeleton path={info?.path} />;
  }
  return (
    <Workbench
      session={session}
      workspaceId={workspaceId}
      path={info.path}
      writable={mayWrite(info.role)}
      me={me}
      owner={info.role === 'owner'}
      standIn={ready ? undefined : content}
    />
  );
}

/** The page changes under whoever may do more or less than before: it says why. */
function useRightNews(role: string | undefined): void {
  const before = useRef(role);
  useEffect(() => {
    const [could, can] = [before.current, role].map(mayWrite);
    const known = before.current !== undefined && role !== undefined;
    before.current = role ?? before.current;
    if (known && could !== can) toast(t(can ? 'right.write' : 'right.read'));
  }, [role]);
}

/** The frame around it belongs to a workspace that is not here any more, either. */
function useMoved(moved: boolean): void {
  useEffect(() => {
    if (moved) void queryClient.invalidateQueries({ queryKey: ['workspaces'] });
  }, [moved]);
}

/** A document that was brought back opens again by itself: the tree hears of it. */
function useReturn(workspaceId: string, documentId: string, gone: boolean, back: () => void): void {
  const { data, refetch } = useDocuments(workspaceId);
  const listed = data?.some(({ id }) => id === documentId);
  const missed = useRef(false);
  useEffect(() => {
    if (gone) void refetch();
    else missed.current = false;
  }, [gone, refetch]);
  useEffect(() => {
    if (!gone) return;
    if (listed === false) missed.current = true;
    else if (listed && missed.current) back();
  }, [gone, listed, back]);
}

function DocumentSkeleton({ path }: { path: string | undefined }) {
  return (
    <div className="doc">
      <header className="doc-header">
        <div className="doc-place">{path !== undefined && <h1 className="doc-name">{displayName(path)}</h1>}</div>
      </header>
      <div className="doc-column">
        <Skeleton lines={8} />
      </div>
    </div>
  );
}
