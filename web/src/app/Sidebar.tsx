import { Suspense } from 'react';
import { Link, useLocation } from 'wouter';
import { logOut } from '@/features/auth';
import { showShortcuts } from '@/features/shortcuts';
import { VerifyNote } from '@/features/settings';
import { exportWorkspace, pickImport } from '@/features/transfer';
import { Tree, type Documents, type TreeCommands } from '@/features/tree';
import { WorkspaceMenu } from '@/features/workspaces';
import { shortcutKeys } from '@/lib/actions';
import { t } from '@/lib/strings';
import type { User, Workspace } from '@/lib/types';
import { Button, IconButton } from '@/ui/Button';
import { useLate, useReachable } from '@/ui/hooks';
import { Icon } from '@/ui/Icon';
import { Menu, type MenuItem } from '@/ui/Menu';
import { Avatar, Skeleton } from '@/ui/parts';
import { reportFailure } from '@/ui/query';
import { Resizer } from './Resizer';

/** What is only a reminder waits until the page has what it needs. */
const REST_MS = 1_500;

export interface SidebarProps {
  workspace: Workspace;
  me: User;
  documents: Documents | undefined;
  failed: boolean;
  currentId: string | undefined;
  editable: boolean;
  commands: TreeCommands;
  onPalette: () => void;
  onHide: () => void;
  /** Absent where it cannot be changed. */
  width: number | undefined;
}

function Files({ workspace, documents, failed, currentId, editable, commands }: SidebarProps) {
  if (!documents) return failed ? <p className="sidebar-note">{t('tree.load_failed')}</p> : <Skeleton lines={8} />;
  if (documents.length === 0) return <p className="sidebar-note">{t('tree.empty')}</p>;
  return <Tree workspaceId={workspace.id} documents={documents} currentId={currentId} editable={editable} commands={commands} />;
}

export function Sidebar(props: SidebarProps) {
  const { workspace, me, editable, commands, onPalette, onHide, width } = props;
  const [, navigate] = useLocation();
  const reachable = useReachable();
  const rested = useLate(REST_MS);
  const keys = shortcutKeys('Mod+K').join(' ');

  const exporting = (): void => void exportWorkspace(workspace.id);
  const transfer = (): readonly MenuItem[] => [
    { label: t('import.folder'), icon: 'folder', run: () => pickImport(workspace.id, 'folder') },
    { label: t('import.files'), icon: 'upload', run: () => pickImport(workspace.id, 'files') },
    { label: t('export.zip'), icon: 'download', run: exporting },
  ];
  const account = (): readonly MenuItem[] => [
    { label: t('settings'), icon: 'gear', run: () => navigate('/settings') },
    { label: t('security'), icon: 'shield', run: () => navigate('/account/security') },
    ...(me.is_operator ? [{ label: t('outbox'), icon: 'mail' as const, run: () => navigate('/settings/outbox') }] : []),
    { label: t('shortcuts.title'), icon: 'keyboard', shortcut: '?', run: showShortcuts },
    { label: t('log_out'), icon: 'leave', separated: true, run: () => void logOut().catch((error: unknown) => reportFailure(t('log_out'), error)) },
  ];

  return (
    <nav className="sidebar" aria-label={t('sidebar.label')}>
      <div className="sidebar-head">
        <WorkspaceMenu workspace={workspace} me={me} />
        <IconButton icon="sidebar" label={t('sidebar.hide')} shortcut={shortcutKeys('Mod+\\').join(' ')} onClick={onHide} />
      </div>
      <div className="sidebar-tools">
        <button type="button" className="search-button" onClick={onPalette}>
          <Icon name="search" />
          <span>{t('palette.open')}</span>
          <span className="search-keys" aria-hidden="true">
            {keys}
          </span>
        </button>
        {editable && <IconButton icon="plus" label={t('tree.new_document')} shortcut={shortcutKeys('Alt+N').join(' ')} onClick={() => commands.create()} />}
      </div>
      <Files {...props} />
      {rested && (
        <Suspense fallback={null}>
          <VerifyNote />
        </Suspense>
      )}
      {!reachable && (
        <p className="sidebar-note-box" role="status">
          {t('offline')}
        </p>
      )}
      <div className="sidebar-foot">
        {editable ? (
          <Menu label={t('transfer')} items={transfer}>
            {(trigger) => (
              <Button kind="quiet" icon="upload" className="sidebar-link" {...trigger}>
                {t('transfer')}
              </Button>
            )}
          </Menu>
        ) : (
          <Button kind="quiet" icon="download" className="sidebar-link" onClick={exporting}>
            {t('export.zip')}
          </Button>
        )}
        {editable && (
          <Link className="button button-quiet sidebar-link" href={`/w/${workspace.id}/trash`}>
            <Icon name="trash" />
            {t('trash.title')}
          </Link>
        )}
        <Menu label={t('account')} items={account}>
          {(trigger) => (
            <Button kind="quiet" className="sidebar-link" {...trigger}>
              <Avatar id={me.id} name={me.name} />
              <span className="sidebar-me">{me.name}</span>
            </Button>
          )}
        </Menu>
      </div>
      {width !== undefined && <Resizer width={width} />}
    </nav>
  );
}
