import { QueryClientProvider, useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useEffect, useState, type ComponentType } from 'react';
import { Link, Redirect, Route, Switch, useLocation } from 'wouter';
import { AuthScreen, ForgotScreen, LinkScreen, ResetScreen, safeNext, useUser, VerifyScreen } from '@/features/auth';
import { OutboxScreen, SecurityScreen, SettingsScreen } from '@/features/settings';
import { lastWorkspace, useWorkspaces, Welcome } from '@/features/workspaces';
import { dispatchShortcut } from '@/lib/actions';
import { api } from '@/lib/api';
import { elsewhere } from '@/lib/elsewhere';
import { t } from '@/lib/strings';
import type { User } from '@/lib/types';
import { Elsewhere } from '@/ui/Elsewhere';
import { useTitle } from '@/ui/hooks';
import { isModalOpen, ModalHost } from '@/ui/modal';
import { EmptyState, Skeleton } from '@/ui/parts';
import { queryClient } from '@/ui/query';
import { Toasts } from '@/ui/Toasts';
import { ErrorBoundary } from './ErrorBoundary';
import { Shell } from './Shell';
import { loadDocument, useWarmUp } from './warm-up';

const KeptText = lazy(() => loadDocument().then((module) => ({ default: module.KeptText })));

const ASK_AGAIN_MS = 5_000;

function useShortcuts(): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (!isModalOpen()) dispatchShortcut(event);
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, []);
}

/** Where a workspace lives that is not in the list, when another cell has it. */
function useElsewhere(id: string, missing: boolean): string | null {
  const { error } = useQuery({
    queryKey: ['workspaces', 'elsewhere', id],
    queryFn: () => api.get(`/api/workspaces/${encodeURIComponent(id)}`),
    enabled: missing,
    retry: false,
  });
  return elsewhere(error);
}

function DeadEnd({ title, text = '' }: { title: string; text?: string }) {
  useTitle(title);
  return (
    <EmptyState title={title} text={text}>
      <Link className="button button-primary" href="/">
        {t('workspace.home')}
      </Link>
    </EmptyState>
  );
}

const Unreachable = () => (
  <main className="plain">
    <EmptyState title={t('error.offline')} />
  </main>
);

function Home({ me }: { me: User }) {
  const { data, isError } = useWorkspaces();
  if (!data) return isError ? <Unreachable /> : <Skeleton />;
  const last = lastWorkspace();
  const target = data.find(({ id }) => id === last) ?? data[0];
  return target ? <Redirect to={`/w/${target.id}`} replace /> : <Welcome me={me} />;
}

function WorkspaceRoute({ id, documentId, me }: { id: string; documentId: string | undefined; me: User }) {
  const { data, isError, refetch } = useWorkspaces();
  const workspace = data?.find((one) => one.id === id);
  const missing = data !== undefined && workspace === undefined;
  const [asked, setAsked] = useState(false);
  useEffect(() => {
    if (!missing) return;
    // It may have been shared a moment ago, or is being shared while somebody looks at this.
    const ask = (): void => void refetch().then(() => setAsked(true));
    ask();
    const timer = setInterval(ask, ASK_AGAIN_MS);
    return () => clearInterval(timer);
  }, [id, missing, refetch]);
  const address = useElsewhere(id, missing && asked);
  if (workspace) return <Shell workspace={workspace} me={me} documentId={documentId} />;
  if (!data || !asked) return isError ? <Unreachable /> : <Skeleton />;
  return (
    <main className="plain">
      {documentId !== undefined && (
        <ErrorBoundary>
          <Suspense fallback={null}>
            <KeptText key={documentId} documentId={documentId} me={me} />
          </Suspense>
        </ErrorBoundary>
      )}
      {address === null ? <DeadEnd title={t('workspace.missing')} text={t('workspace.missing_text', { email: me.email })} /> : <Elsewhere address={address} />}
    </main>
  );
}

function Private({ me }: { me: User }) {
  useWarmUp();
  return (
    <Switch>
      <Route path="/">
        <Home me={me} />
      </Route>
      <Route path="/settings">
        <SettingsScreen me={me} />
      </Route>
      <Route path="/account/security">
        <SecurityScreen me={me} />
      </Route>
      <Route path="/settings/outbox">
        <OutboxScreen me={me} />
      </Route>
      <Route path="/w/:workspaceId/*?">
        {({ workspaceId, '*': rest }) => <WorkspaceRoute id={workspaceId} documentId={/^d\/([^/]+)/.exec(rest ?? '')?.[1]} me={me} />}
      </Route>
      <Route>
        <main className="plain">
          <DeadEnd title={t('missing')} />
        </main>
      </Route>
    </Switch>
  );
}

/** Where mails lead: for whoever opens them, logged in or not. */
const MAIL_SCREENS: Readonly<Record<string, ComponentType>> = {
  '/sign-in/link': LinkScreen,
  '/forgot-password': ForgotScreen,
  '/reset-password': ResetScreen,
  '/verify-email': VerifyScreen,
};

/** Where a provider's way back leads; the log-in screen reads the rest of the fragment. */
function SignInArrival() {
  const { hash } = window.location;
  const next = new URLSearchParams(hash.slice(1)).get('return_to');
  return <Redirect to={`/login${next ? `?next=${encodeURIComponent(next)}` : ''}${hash}`} replace />;
}

function Pages() {
  const user = useUser();
  const [location] = useLocation();
  const MailScreen = MAIL_SCREENS[location];
  if (MailScreen) return <MailScreen />;
  if (location === '/sign-in') return <SignInArrival />;
  if (user === undefined) return <Skeleton />;
  const auth = location === '/login' || location === '/signup';
  if (user !== null) return auth ? <Redirect to={safeNext(new URLSearchParams(window.location.search).get('next'))} replace /> : <Private me={user} />;
  if (!auth) return <Redirect to={location === '/' ? '/login' : `/login?next=${encodeURIComponent(location)}`} replace />;
  return <AuthScreen mode={location === '/signup' ? 'signup' : 'login'} />;
}

export function App() {
  useShortcuts();
  return (
    <QueryClientProvider client={queryClient}>
      <ErrorBoundary>
        <Suspense fallback={<Skeleton />}>
          <Pages />
        </Suspense>
      </ErrorBoundary>
      <ModalHost />
      <Toasts />
    </QueryClientProvider>
  );
}
