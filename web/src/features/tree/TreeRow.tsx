import type { DragEvent, MouseEvent } from 'react';
import { displayName, parentPath } from '@/lib/paths';
import { t } from '@/lib/strings';
import { Icon } from '@/ui/Icon';
import type { Row, TreeNode } from './model';
import { RowInput } from './RowInput';

export interface TreeRowProps {
  id: string;
  row: Row;
  top: number;
  current: boolean;
  active: boolean;
  editable: boolean;
  renaming: boolean;
  dropTarget: boolean;
  onPick: (node: TreeNode, event: MouseEvent) => void;
  onMenu: (node: TreeNode, at: { x: number; y: number } | HTMLElement) => void;
  onRenamed: (node: TreeNode, name: string | undefined) => void;
  onDragStart: (node: TreeNode, event: DragEvent) => void;
}

export function TreeRow({ id, row, top, current, active, editable, renaming, dropTarget, onPick, onMenu, onRenamed, onDragStart }: TreeRowProps) {
  const { node, level } = row;
  const folder = node.kind === 'folder';
  const name = folder ? node.name : displayName(node.path);
  const classes = ['tree-row', current && 'tree-row-current', active && 'tree-row-active', dropTarget && 'tree-row-drop'];
  return (
    <div
      id={id}
      role="treeitem"
      aria-level={level}
      aria-posinset={row.position}
      aria-setsize={row.siblings}
      aria-expanded={folder ? row.open : undefined}
      aria-selected={current}
      aria-label={name}
      className={classes.filter(Boolean).join(' ')}
      style={{ transform: `translateY(${top}px)`, paddingInlineStart: `calc(${level - 1} * var(--space-4) + var(--space-1))` }}
      title={node.path}
      draggable={editable && !renaming}
      data-drop-folder={folder ? node.path : parentPath(node.path)}
      onClick={(event) => onPick(node, event)}
      onAuxClick={(event) => event.button === 1 && onPick(node, event)}
      onContextMenu={(event) => {
        event.preventDefault();
        onMenu(node, { x: event.clientX, y: event.clientY });
      }}
      onDragStart={(event) => onDragStart(node, event)}
    >
      {folder ? <Icon name="chevron" className={row.open ? 'tree-chevron tree-chevron-open' : 'tree-chevron'} /> : <Icon name="document" className="tree-document" />}
      {renaming ? (
        <RowInput initial={node.name} onDone={(value) => onRenamed(node, value)} onCancel={() => onRenamed(node, undefined)} />
      ) : (
        <span className="tree-name">
          <bdi>{name}</bdi>
        </span>
      )}
      {!renaming && (
        <button
          type="button"
          className="tree-more"
          tabIndex={-1}
          aria-label={t('tree.more', { name })}
          onClick={(event) => {
            event.stopPropagation();
            onMenu(node, event.currentTarget);
          }}
        >
          <Icon name="more" />
        </button>
      )}
    </div>
  );
}
