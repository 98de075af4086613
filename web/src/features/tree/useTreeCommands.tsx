import { lazy, useMemo } from 'react';
import { useLocation } from 'wouter';
import { baseName, displayName, documentPath, isWithin, joinPath, parentPath, pathProblem, tidyPath } from '@/lib/paths';
import { Refusal } from '@/lib/problem';
import { t } from '@/lib/strings';
import { toast } from '@/lib/toasts';
import type { DocumentInfo } from '@/lib/types';
import { leaveFocus } from '@/ui/focus-return';
import type { MenuItem } from '@/ui/Menu';
import { showModal } from '@/ui/modal';
import { showPrompt } from '@/ui/prompt';
import { cachedDocuments, deleteDocument, deleteFolder, makeDocument, moveDocument, moveFolder } from './data';
import type { DocumentNode, TreeNode } from './model';

const MoveDialog = lazy(() => import('./MoveDialog'));

const folderOf = (node: TreeNode | undefined): string => (node === undefined ? '' : node.kind === 'folder' ? node.path : parentPath(node.path));

/** What can be done in the tree of a workspace, for rows, menus, keys and the palette alike. */
export function useTreeCommands(workspaceId: string, currentId: string | undefined) {
  const [, navigate] = useLocation();

  return useMemo(() => {
    const urlOf = (id: string): string => `/w/${workspaceId}/d/${id}`;
    const current = () => cachedDocuments(workspaceId).find(({ id }) => id === currentId);

    /** Resolves to whether it is somewhere else now. */
    const moveTo = async (node: TreeNode, path: string): Promise<boolean> => {
      if (path === node.path) return false;
      const problem = pathProblem(path);
      if (problem) {
        toast(t(`path.${problem}`), { kind: 'error' });
        return false;
      }
      return node.kind === 'document' ? moveDocument(workspaceId, node.document.id, path) : moveFolder(workspaceId, node.path, path);
    };

    /** What goes into a closed folder is out of sight: it is said where it is, and it can be taken back. */
    const moveAway = async (node: TreeNode, folder: string): Promise<void> => {
      const path = joinPath(folder, baseName(node.path));
      if (!(await moveTo(node, path))) return;
      const back = (): void => void moveTo({ ...node, path }, node.path);
      const name = node.kind === 'document' ? displayName(path) : baseName(path);
      toast(folder ? t('tree.moved', { name, folder }) : t('tree.moved_top', { name }), { action: { label: t('undo'), run: back } });
    };

    const commands = {
      open: (id: string): void => navigate(urlOf(id)),

      create: (folder = ''): void =>
        showPrompt({
          title: t('tree.new_document'),
          label: t('tree.name_or_path'),
          hint: t('tree.name_hint'),
          initial: folder && `${folder}/`,
          submit: t('tree.create'),
          onSubmit: async (typed) => {
            const path = documentPath(typed.endsWith('/') ? `${typed}${t('tree.untitled')}` : typed);
            const problem = pathProblem(path);
            if (problem) throw new Refusal(t(`path.${problem}`));
            const created = await makeDocument(workspaceId, path);
            leaveFocus();
            navigate(urlOf(created.id));
          },
        }),

      nodeOf: (document: DocumentInfo): DocumentNode => ({ kind: 'document', path: document.path, name: baseName(document.path), document }),

      promptRename: (node: TreeNode): void =>
        showPrompt({
          title: t('tree.rename_document'),
          label: t('tree.name_or_path'),
          initial: node.path,
          submit: t('rename'),
          onSubmit: async (typed) => {
            await moveTo(node, documentPath(typed));
          },
        }),

      rename: (node: TreeNode, typed: string): Promise<boolean> => {
        const name = node.kind === 'document' ? documentPath(typed) : tidyPath(typed);
        return moveTo(node, joinPath(parentPath(node.path), name));
      },

      moveInto: moveAway,

      askMove: (node: TreeNode): void =>
        showModal((close) => (
          <MoveDialog
            workspaceId={workspaceId}
            node={node}
            onClose={close}
            onChoose={(folder) => {
              close();
              void commands.moveInto(node, folder);
            }}
          />
        )),

      remove: (node: TreeNode): void => {
        const open = current();
        const closes = open !== undefined && (node.kind === 'folder' ? isWithin(open.path, node.path) && open.path !== node.path : open.id === node.document.id);
        const home = `/w/${workspaceId}`;
        if (closes) navigate(home);
        const undone = (): void => {
          if (closes) navigate(urlOf(open.id));
        };
        const refused = (): void => {
          // Unless they have gone somewhere else meanwhile.
          if (location.pathname === home) undone();
        };
        const back = { undone, refused };
        void (node.kind === 'folder' ? deleteFolder(workspaceId, node.path, back) : deleteDocument(workspaceId, node.document, back));
      },

      /** The menu of a row; without the right to edit, only what reads. */
      items: (node: TreeNode, editable: boolean, startRename: () => void): readonly MenuItem[] => {
        const items: MenuItem[] = [];
        if (node.kind === 'document') {
          items.push({ label: t('tree.open_tab'), icon: 'document', run: () => void window.open(urlOf(node.document.id), '_blank', 'noopener') });
        }
        if (!editable) return items;
        items.push(
          { label: t(node.kind === 'folder' ? 'tree.new_here' : 'tree.new_beside'), icon: 'plus', run: () => commands.create(folderOf(node)) },
          { label: t('tree.rename'), icon: 'pencil', shortcut: 'F2', run: startRename },
          { label: t('tree.move'), icon: 'move', run: () => commands.askMove(node) },
          { label: t('tree.delete'), icon: 'trash', shortcut: 'Delete', danger: true, separated: true, run: () => commands.remove(node) },
        );
        return items;
      },
    };
    return commands;
  }, [workspaceId, currentId, navigate]);
}

export type TreeCommands = ReturnType<typeof useTreeCommands>;
