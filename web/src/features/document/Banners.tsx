import type { DocumentSession, Draft, SyncState } from '@/core/sync';
import { copyText } from '@/lib/clipboard';
import { formatMoment } from '@/lib/i18n';
import { toast } from '@/lib/toasts';
import { Button } from '@/ui/Button';
import { downloadText } from '@/lib/download';
import { t } from './strings';
import { useObservable } from './use-session';

export async function copyWithToast(text: string): Promise<void> {
  const done = await copyText(text);
  toast(t(done ? 'menu.copied' : 'menu.copy_failed'), { kind: done ? 'info' : 'error' });
}

function DraftBanner({ draft, onDismiss }: { draft: Draft; onDismiss: () => void }) {
  return (
    <section className="doc-banner doc-banner-warn" aria-label={t('draft.title', { count: draft.changes })}>
      <p>
        <strong>{t('draft.title', { count: draft.changes })}.</strong> {t('draft.text', { when: formatMoment(new Date(draft.at).toISOString()) })}
      </p>
      <div className="doc-banner-actions">
        <Button icon="copy" onClick={() => void copyWithToast(draft.text)}>
          {t('draft.copy')}
        </Button>
        <Button icon="download" onClick={() => downloadText(draft.path, draft.text)}>
          {t('draft.download')}
        </Button>
        <Button kind="quiet" onClick={onDismiss}>
          {t('draft.dismiss')}
        </Button>
      </div>
    </section>
  );
}

export function Drafts({ session }: { session: DocumentSession }) {
  const drafts = useObservable(session.drafts.list);
  return drafts.map((draft) => <DraftBanner key={draft.id} draft={draft} onDismiss={() => void session.drafts.dismiss(draft.id)} />);
}

function ErrorBanner({ state, session }: { state: SyncState; session: DocumentSession }) {
  const { error, keptHere } = state;
  if (error === 'not-stored') {
    return (
      <section className="doc-banner doc-banner-warn" role="alert">
        <p>
          <strong>{t('banner.not-stored')}.</strong> {t(keptHere ? 'banner.not-stored_text' : 'banner.not-stored_unkept_text')}
        </p>
      </section>
    );
  }
  if (error !== 'too-large' && error !== 'refused' && error !== 'signed-out') return null;
  return (
    <section className="doc-banner doc-banner-danger" role="alert">
      <p>
        <strong>{t(`banner.${error}`)}.</strong> {t(`banner.${error}_text`)}
      </p>
      <div className="doc-banner-actions">
        <Button onClick={() => session.retry()}>{t('banner.try_again')}</Button>
        {error !== 'signed-out' && (
          <Button kind="quiet" onClick={() => void session.startAfresh()}>
            {t('banner.start_afresh')}
          </Button>
        )}
      </div>
    </section>
  );
}

/** What went wrong, what is safe, and what to do next. */
export function Banners({ session }: { session: DocumentSession }) {
  const state = useObservable(session.state);
  return (
    <>
      {state.kind === 'error' && <ErrorBanner state={state} session={session} />}
      <Drafts session={session} />
    </>
  );
}
