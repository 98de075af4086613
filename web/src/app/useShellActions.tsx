import { useMemo } from 'react';
import { useLocation } from 'wouter';
import { logOut } from '@/features/auth';
import { showShortcuts } from '@/features/shortcuts';
import { exportWorkspace, pickImport } from '@/features/transfer';
import { cachedDocuments, type TreeCommands } from '@/features/tree';
import { canEdit, promptNewWorkspace, workspaceItems } from '@/features/workspaces';
import type { Action } from '@/lib/actions';
import { parentPath } from '@/lib/paths';
import { t } from '@/lib/strings';
import { setTheme } from '@/lib/theme';
import type { User, Workspace } from '@/lib/types';
import { useActions } from '@/ui/hooks';
import { reportFailure } from '@/ui/query';
import { showSidebar, toggleSidebar } from './sidebar-state';

interface ShellActionsOptions {
  workspace: Workspace;
  me: User;
  currentId: string | undefined;
  commands: TreeCommands;
  phone: boolean;
  onPalette: () => void;
}

/** Everything the frame around a document can do, for menus, keys, the palette and `?`. */
export function useShellActions({ workspace, me, currentId, commands, phone, onPalette }: ShellActionsOptions): void {
  const [, navigate] = useLocation();
  const actions = useMemo(() => {
    const general = t('group.general');
    const documents = t('group.documents');
    const workspaces = t('group.workspace');
    const list: Action[] = [
      { id: 'palette', label: t('palette.open'), group: general, shortcut: 'Mod+K', hidden: true, run: onPalette },
      { id: 'sidebar', label: t('sidebar.toggle'), group: general, shortcut: 'Mod+\\', run: () => toggleSidebar(phone) },
      {
        id: 'tree',
        label: t('tree.focus'),
        group: general,
        shortcut: 'Alt+T',
        run: () => {
          showSidebar(phone);
          requestAnimationFrame(() => document.querySelector<HTMLElement>('[role="tree"]')?.focus());
        },
      },
      { id: 'shortcuts', label: t('shortcuts.title'), group: general, shortcut: '?', keywords: 'keys help', run: showShortcuts },
      { id: 'settings', label: t('settings'), group: general, keywords: 'account profile api key', run: () => navigate('/settings') },
      { id: 'security', label: t('security'), group: general, keywords: 'account password passkey two-factor sessions', run: () => navigate('/account/security') },
      ...(me.is_operator ? [{ id: 'outbox', label: t('outbox'), group: general, keywords: 'mail', run: () => navigate('/settings/outbox') }] : []),
      { id: 'theme-light', label: t('theme.light'), group: general, keywords: 'appearance', run: () => setTheme('light') },
      { id: 'theme-dark', label: t('theme.dark'), group: general, keywords: 'appearance', run: () => setTheme('dark') },
      { id: 'theme-system', label: t('theme.system'), group: general, keywords: 'appearance', run: () => setTheme('system') },
      { id: 'log-out', label: t('log_out'), group: general, run: () => void logOut().catch((error: unknown) => reportFailure(t('log_out'), error)) },
      { id: 'export', label: t('export.zip'), group: workspaces, keywords: 'download backup', run: () => void exportWorkspace(workspace.id) },
      { id: 'new-workspace', label: t('workspace.new'), group: workspaces, run: () => promptNewWorkspace(navigate) },
      ...workspaceItems(workspace, me, navigate).map(({ id, label, run }) => ({ id, label, group: workspaces, keywords: id === 'members' ? 'share invite people' : '', run })),
    ];
    if (!canEdit(workspace.role)) return list;

    const current = () => cachedDocuments(workspace.id).find(({ id }) => id === currentId);
    list.unshift({
      id: 'new-document',
      label: t('tree.new_document'),
      group: documents,
      shortcut: 'Alt+N',
      keywords: 'create add',
      run: () => commands.create(parentPath(current()?.path ?? '')),
    });
    list.push(
      { id: 'trash', label: t('trash.title'), group: documents, keywords: 'deleted restore', run: () => navigate(`/w/${workspace.id}/trash`) },
      { id: 'import-folder', label: t('import.folder'), group: workspaces, keywords: 'upload', run: () => pickImport(workspace.id, 'folder') },
      { id: 'import-files', label: t('import.files'), group: workspaces, keywords: 'upload zip', run: () => pickImport(workspace.id, 'files') },
    );
    if (currentId !== undefined) {
      const withCurrent = (run: (node: ReturnType<TreeCommands['nodeOf']>) => void) => (): void => {
        const document = current();
        if (document) run(commands.nodeOf(document));
      };
      list.push(
        { id: 'rename-document', label: t('tree.rename_document'), group: documents, keywords: 'name path', run: withCurrent(commands.promptRename) },
        { id: 'move-document', label: t('tree.move_document'), group: documents, keywords: 'folder', run: withCurrent(commands.askMove) },
        { id: 'delete-document', label: t('tree.delete_document'), group: documents, keywords: 'remove trash', run: withCurrent(commands.remove) },
      );
    }
    return list;
  }, [workspace, me, currentId, commands, phone, onPalette, navigate]);
  useActions(actions);
}
