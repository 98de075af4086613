import { lazy, Suspense, useCallback, useEffect, useMemo, useState } from 'react';
import { Route, Switch, useLocation, useRoute } from 'wouter';
import { Palette, PaletteOpening } from '@/features/palette';
import { DropZone } from '@/features/transfer';
import { createDocument, TrashView, useDocuments, useTreeCommands, type Documents } from '@/features/tree';
import { canEdit, rememberWorkspace, useWorkspaces } from '@/features/workspaces';
import { displayName } from '@/lib/paths';
import { recentDocuments, rememberDocument } from '@/lib/recent';
import { t } from '@/lib/strings';
import type { User, Workspace } from '@/lib/types';
import { IconButton } from '@/ui/Button';
import { leaveFocus } from '@/ui/focus-return';
import { useIsPhone, useTitle } from '@/ui/hooks';
import { EmptyState, Skeleton } from '@/ui/parts';
import { ErrorBoundary } from './ErrorBoundary';
import { Sidebar } from './Sidebar';
import { loadDocument } from './warm-up';
import { setSheet, toggleSidebar, useSidebar } from './sidebar-state';
import { useShellActions } from './useShellActions';
import { WorkspaceHome } from './WorkspaceHome';
import './shell.css';

const DocumentView = lazy(loadDocument);

/** What this person opened last, then what anybody changed last. */
function suggested(workspaceId: string, documents: Documents): readonly string[] {
  const changed = [...documents].sort((a, b) => (a.updated_at < b.updated_at ? 1 : -1)).map(({ id }) => id);
  return [...new Set([...recentDocuments(workspaceId), ...changed])];
}

/** The phone's sheet: Esc closes it, and so does going somewhere. */
function useSheet(open: boolean): void {
  const [location] = useLocation();
  useEffect(() => setSheet(false), [location]);
  useEffect(() => {
    if (!open) return;
    const before = document.activeElement;
    document.querySelector<HTMLElement>('.sidebar button')?.focus();
    const onKey = (event: KeyboardEvent): void => {
      if (event.key === 'Escape' && !event.defaultPrevented) setSheet(false);
    };
    window.addEventListener('keydown', onKey);
    return () => {
      window.removeEventListener('keydown', onKey);
      if (before instanceof HTMLElement) before.focus();
    };
  }, [open]);
}

interface ShellProps {
  workspace: Workspace;
  me: User;
  documentId: string | undefined;
}

export function Shell({ workspace, me, documentId }: ShellProps) {
  const [, navigate] = useLocation();
  const phone = useIsPhone();
  const { collapsed, width, sheet } = useSidebar();
  const [palette, setPalette] = useState(false);
  const [typed, setTyped] = useState('');
  const { data: documents, isError } = useDocuments(workspace.id);
  const { data: workspaces = [] } = useWorkspaces();
  const commands = useTreeCommands(workspace.id, documentId);
  const editable = canEdit(workspace.role);
  const openPalette = useCallback(() => setPalette(true), []);
  const closePalette = useCallback(() => setPalette(false), []);
  const open = phone ? sheet : !collapsed;

  useShellActions({ workspace, me, currentId: documentId, commands, phone, onPalette: openPalette });
  useSheet(phone && sheet);
  useEffect(() => rememberWorkspace(workspace.id), [workspace.id]);
  useEffect(() => {
    if (documentId !== undefined) rememberDocument(workspace.id, documentId);
  }, [workspace.id, documentId]);

  const path = documents?.find(({ id }) => id === documentId)?.path;
  const [inTrash] = useRoute('/w/:workspaceId/trash');
  useTitle(path !== undefined ? displayName(path) : inTrash ? t('trash.title') : workspace.name);

  const sources = useMemo(
    () => ({
      documents: documents ?? [],
      // Without the open one: Ctrl-K, Enter goes back to the one before.
      recent: palette ? suggested(workspace.id, documents ?? []).filter((id) => id !== documentId) : [],
      workspaces: workspaces.filter(({ id }) => id !== workspace.id),
      openDocument: (id: string) => {
        leaveFocus();
        commands.open(id);
      },
      openWorkspace: (id: string) => navigate(`/w/${id}`),
      create: editable ? (to: string) => void createDocument(workspace.id, to).then((created) => created && commands.open(created.id)) : undefined,
    }),
    [documents, documentId, palette, workspace.id, workspaces, commands, navigate, editable],
  );

  const modal = phone && sheet;
  return (
    <div className={open ? 'shell' : 'shell shell-bare'} style={{ '--sidebar-width': `${width}px` } as React.CSSProperties}>
      {modal && <div className="sheet-backdrop" onClick={() => setSheet(false)} />}
      {open && (
        <div className={phone ? 'sidebar-zone sidebar-sheet' : 'sidebar-zone'}>
          <Sidebar
            key={workspace.id}
            workspace={workspace}
            me={me}
            documents={documents}
            failed={isError}
            currentId={documentId}
            editable={editable}
            commands={commands}
            onPalette={openPalette}
            onHide={() => toggleSidebar(phone)}
            width={phone ? undefined : width}
          />
        </div>
      )}
      <main className="main-zone" inert={modal}>
        {(!open || modal) && <IconButton icon="sidebar" className="sidebar-show" label={t('sidebar.show')} onClick={() => toggleSidebar(phone)} />}
        <ErrorBoundary key={documentId ?? 'home'}>
          <Suspense fallback={<Skeleton />}>
            <Switch>
              <Route path="/w/:workspaceId/trash">
                {editable ? <TrashView workspaceId={workspace.id} /> : <EmptyState title={t('trash.forbidden')} />}
              </Route>
              <Route path="/w/:workspaceId/d/:documentId">
                {documentId !== undefined && <DocumentView key={documentId} documentId={documentId} workspaceId={workspace.id} me={me} />}
              </Route>
              <Route>
                <WorkspaceHome workspace={workspace} documents={documents} editable={editable} commands={commands} />
              </Route>
            </Switch>
          </Suspense>
        </ErrorBoundary>
      </main>
      {editable && <DropZone workspaceId={workspace.id} />}
      {palette && (
        <Suspense fallback={<PaletteOpening value={typed} onType={setTyped} onClose={closePalette} />}>
          <Palette sources={sources} initial={typed} onClose={closePalette} />
        </Suspense>
      )}
    </div>
  );
}
