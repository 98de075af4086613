import { useState } from 'react';
import { displayName, isWithin, parentPath, tidyPath } from '@/lib/paths';
import { t } from '@/lib/strings';
import { Dialog } from '@/ui/Dialog';
import { Icon } from '@/ui/Icon';
import { ListBox, useListBox } from '@/ui/ListBox';
import { cachedDocuments } from './data';
import { folderPaths, type TreeNode } from './model';

const SHOWN = 100;

interface MoveDialogProps {
  workspaceId: string;
  node: TreeNode;
  onChoose: (folder: string) => void;
  onClose: () => void;
}

/** Choose a folder, or type one that does not exist yet. */
export default function MoveDialog({ workspaceId, node, onChoose, onClose }: MoveDialogProps) {
  const [typed, setTyped] = useState('');
  const [folders] = useState(() => ['', ...folderPaths(cachedDocuments(workspaceId))]);
  const wanted = tidyPath(typed);
  const allowed = (folder: string): boolean => folder !== parentPath(node.path) && !(node.kind === 'folder' && isWithin(folder, node.path));
  const found = folders.filter((folder) => allowed(folder) && folder.toLowerCase().includes(wanted.toLowerCase()));
  const fresh = wanted !== '' && allowed(wanted) && !folders.includes(wanted);
  const choices = [...found.slice(0, SHOWN), ...(fresh ? [wanted] : [])];
  const list = useListBox(choices.length, (index) => {
    const folder = choices[index];
    if (folder !== undefined) onChoose(folder);
  });

  const label = (folder: string): string => {
    if (folder === '') return t('tree.top');
    return folders.includes(folder) ? folder : t('tree.new_folder', { path: folder });
  };

  return (
    <Dialog open onClose={onClose} title={t('tree.move_title', { name: node.kind === 'folder' ? node.name : displayName(node.path) })}>
      <input
        className="input"
        autoFocus
        placeholder={t('tree.move_placeholder')}
        aria-label={t('tree.move_placeholder')}
        value={typed}
        onChange={(event) => {
          setTyped(event.target.value);
          list.reset();
        }}
        {...list.inputProps}
      />
      <ListBox list={list} label={t('tree.folders')}>
        {choices.map((folder, index) => (
          <div key={folder} {...list.optionProps(index)}>
            <Icon name={folders.includes(folder) ? 'folder' : 'plus'} />
            <span className="option-text">{label(folder)}</span>
          </div>
        ))}
        {choices.length === 0 && <p className="option-none">{wanted === '' ? t('tree.move_no_folder') : t('tree.move_none')}</p>}
      </ListBox>
    </Dialog>
  );
}
