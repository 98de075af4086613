import { lazy } from 'react';
import { useLocation } from 'wouter';
import { t } from '@/lib/strings';
import type { User, Workspace } from '@/lib/types';
import { Icon } from '@/ui/Icon';
import { Menu, type MenuItem } from '@/ui/Menu';
import { showModal } from '@/ui/modal';
import { showPrompt } from '@/ui/prompt';
import { createWorkspace, deleteWorkspace, renameWorkspace, useWorkspaces } from './data';
import './workspaces.css';

const MembersDialog = lazy(() => import('./MembersDialog'));

type Navigate = (to: string) => void;

export function promptNewWorkspace(navigate: Navigate): void {
  showPrompt({
    title: t('workspace.new'),
    label: t('workspace.name'),
    submit: t('workspace.create'),
    onSubmit: async (name) => navigate(`/w/${(await createWorkspace(name)).id}`),
  });
}

export function showMembers(workspace: Workspace, me: User, navigate: Navigate): void {
  showModal((close) => <MembersDialog workspace={workspace} me={me} onClose={close} onLeft={() => navigate('/')} />);
}

/** What can be done with a workspace, for its menu and for the palette. */
export function workspaceItems(workspace: Workspace, me: User, navigate: Navigate): readonly (MenuItem & { readonly id: string })[] {
  const items = [{ id: 'members', label: t('workspace.members'), icon: 'people' as const, run: () => showMembers(workspace, me, navigate) }];
  if (workspace.role !== 'owner') return items;
  return [
    ...items,
    {
      id: 'rename-workspace',
      label: t('workspace.rename'),
      icon: 'pencil',
      run: () =>
        showPrompt({
          title: t('workspace.rename'),
          label: t('workspace.name'),
          initial: workspace.name,
          submit: t('rename'),
          onSubmit: (name) => renameWorkspace(workspace, name),
        }),
    },
    {
      id: 'delete-workspace',
      label: t('workspace.delete'),
      icon: 'trash',
      danger: true,
      run: () => void deleteWorkspace(workspace, () => navigate('/')),
    },
  ];
}

export function WorkspaceMenu({ workspace, me }: { workspace: Workspace; me: User }) {
  const [, navigate] = useLocation();
  const { data: all = [] } = useWorkspaces();
  const items = (): readonly MenuItem[] => [
    ...all.map((one) => ({ label: one.name, checked: one.id === workspace.id, run: () => navigate(`/w/${one.id}`) })),
    { label: t('workspace.new'), icon: 'plus', separated: true, run: () => promptNewWorkspace(navigate) },
    ...workspaceItems(workspace, me, navigate).map((item, index) => ({ ...item, separated: index === 0 })),
  ];
  return (
    <Menu label={t('workspace.menu')} items={items}>
      {(trigger) => (
        <button type="button" className="workspace-button" title={workspace.name} {...trigger}>
          <span className="workspace-name">{workspace.name}</span>
          <Icon name="chevrons" />
        </button>
      )}
    </Menu>
  );
}
