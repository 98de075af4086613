import { useCallback, useEffect, useMemo, useRef, useState, type KeyboardEvent, type MouseEvent } from 'react';
import { baseName, joinPath, parentPath, tidyPath } from '@/lib/paths';
import { t } from '@/lib/strings';
import { MenuPopup, type MenuAnchor } from '@/ui/Menu';
import type { Documents } from './data';
import { ancestors, buildTree, findByPrefix, visibleRows, type TreeNode } from './model';
import { useOpenFolders } from './open-folders';
import { TreeRow } from './TreeRow';
import { useTreeDrag } from './useTreeDrag';
import type { TreeCommands } from './useTreeCommands';
import { useVirtualRows } from './useVirtualRows';
import './tree.css';

/** Letters typed within this time belong to one search. */
const TYPING_MS = 800;

/** A document stays itself when it is renamed or moved. */
const keyOf = (node: TreeNode): string => (node.kind === 'document' ? node.document.id : `folder:${node.path}`);

interface TreeProps {
  workspaceId: string;
  documents: Documents;
  currentId: string | undefined;
  editable: boolean;
  commands: TreeCommands;
}

export function Tree({ workspaceId, documents, currentId, editable, commands }: TreeProps) {
  const [open, setFolders] = useOpenFolders(workspaceId);
  const root = useMemo(() => buildTree(documents), [documents]);
  const rows = useMemo(() => visibleRows(root, open), [root, open]);
  const [wanted, setWanted] = useState({ key: '', index: 0 });
  const [renaming, setRenaming] = useState<string>();
  const [menu, setMenu] = useState<{ node: TreeNode; anchor: MenuAnchor }>();
  const typed = useRef({ text: '', at: 0 });
  const { scroller, rowHeight, first, last, reveal, pageSize } = useVirtualRows(rows.length);

  const currentPath = documents.find(({ id }) => id === currentId)?.path;
  const found = rows.findIndex(({ node }) => keyOf(node) === wanted.key);
  // When the active row is gone (deleted, its folder closed), the one in its place is active.
  const activeIndex = found >= 0 ? found : Math.max(0, Math.min(wanted.index, rows.length - 1));
  const active = rows[activeIndex]?.node;
  const setActive = (node: TreeNode): void => setWanted({ key: keyOf(node), index: rows.findIndex((row) => row.node === node) });

  const openFolder = useCallback((path: string) => setFolders([path], true), [setFolders]);
  const drag = useTreeDrag((node, folder) => void commands.moveInto(node, folder), openFolder);

  // The open document is always in sight: its folders open, its row scrolled to.
  const [shownPath, setShownPath] = useState<string>();
  if (currentPath !== shownPath) {
    setShownPath(currentPath);
    if (currentPath !== undefined) {
      setFolders(ancestors(currentPath), true);
      setWanted({ key: currentId ?? '', index: 0 });
    }
  }
  const pendingReveal = useRef<string>(undefined);
  useEffect(() => {
    pendingReveal.current = currentPath;
  }, [currentPath]);
  useEffect(() => {
    if (pendingReveal.current === undefined) return;
    const index = rows.findIndex(({ node }) => node.kind === 'document' && node.path === pendingReveal.current);
    if (index < 0) return;
    pendingReveal.current = undefined;
    reveal(index);
  });

  const focusRow = (index: number): void => {
    const node = rows[Math.max(0, Math.min(rows.length - 1, index))]?.node;
    if (!node) return;
    setActive(node);
    reveal(index);
  };

  const pick = (node: TreeNode, event?: MouseEvent): void => {
    setActive(node);
    if (node.kind === 'folder') setFolders([node.path], !open.has(node.path));
    else if (event && (event.ctrlKey || event.metaKey || event.button === 1)) window.open(`/w/${workspaceId}/d/${node.document.id}`, '_blank', 'noopener');
    else commands.open(node.document.id);
  };

  const startRename = (node: TreeNode): void => {
    if (!editable) return;
    setActive(node);
    setRenaming(keyOf(node));
  };

  const renamed = (node: TreeNode, name: string | undefined): void => {
    setRenaming(undefined);
    scroller.current?.focus({ preventScroll: true });
    if (name === undefined) return;
    if (node.kind === 'folder') setWanted({ key: `folder:${joinPath(parentPath(node.path), tidyPath(name))}`, index: activeIndex });
    void commands.rename(node, name);
  };

  const typeAhead = (letter: string): void => {
    const now = Date.now();
    const going = now - typed.current.at < TYPING_MS;
    typed.current = { text: going ? typed.current.text + letter : letter, at: now };
    const index = findByPrefix(rows, typed.current.text, going ? activeIndex - 1 : activeIndex);
    if (index >= 0) focusRow(index);
  };

  const goRight = (): void => {
    if (active?.kind !== 'folder') return;
    if (open.has(active.path)) focusRow(activeIndex + 1);
    else setFolders([active.path], true);
  };

  const goLeft = (): void => {
    if (!active) return;
    if (active.kind === 'folder' && open.has(active.path)) setFolders([active.path], false);
    else focusRow(rows.findIndex(({ node }) => node.kind === 'folder' && node.path === ancestors(active.path).at(-1)));
  };

  const showMenu = (node: TreeNode, anchor: MenuAnchor): void => {
    setActive(node);
    scroller.current?.focus({ preventScroll: true });
    setMenu({ node, anchor });
  };

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || !active) return;
    const keys: Readonly<Record<string, () => void>> = {
      ArrowDown: () => focusRow(activeIndex + 1),
      ArrowUp: () => focusRow(activeIndex - 1),
      ArrowRight: goRight,
      ArrowLeft: goLeft,
      Home: () => focusRow(0),
      End: () => focusRow(rows.length - 1),
      PageDown: () => focusRow(Math.min(rows.length - 1, activeIndex + pageSize)),
      PageUp: () => focusRow(Math.max(0, activeIndex - pageSize)),
      Enter: () => pick(active),
      ' ': () => pick(active),
      F2: () => startRename(active),
      Delete: () => editable && commands.remove(active),
      Backspace: () => editable && commands.remove(active),
      ContextMenu: () => {
        const box = document.getElementById(`tree-row-${activeIndex}`)?.getBoundingClientRect();
        if (box) showMenu(active, { x: box.left + 24, y: box.bottom });
      },
    };
    const run = keys[event.key === 'F10' && event.shiftKey ? 'ContextMenu' : event.key];
    if (run) run();
    // The question mark is left to the shortcuts' list.
    else if (event.key.length === 1 && event.key !== '?') typeAhead(event.key);
    else return;
    event.preventDefault();
  };

  return (
    <div
      ref={scroller}
      role="tree"
      aria-label={t('tree.label')}
      aria-activedescendant={active ? `tree-row-${activeIndex}` : undefined}
      tabIndex={0}
      className={drag.target === '' ? 'tree tree-drop' : 'tree'}
      onKeyDown={onKeyDown}
      {...drag.handlers}
    >
      <div role="none" className="tree-rows" style={{ height: rows.length * rowHeight }}>
        {rows.slice(first, last).map((row, offset) => {
          const index = first + offset;
          const { node } = row;
          return (
            <TreeRow
              key={keyOf(node)}
              id={`tree-row-${index}`}
              row={row}
              top={index * rowHeight}
              current={node.kind === 'document' && node.document.id === currentId}
              active={index === activeIndex}
              editable={editable}
              renaming={renaming === keyOf(node)}
              dropTarget={node.kind === 'folder' && node.path === drag.target}
              onPick={pick}
              onMenu={showMenu}
              onRenamed={renamed}
              onDragStart={drag.start}
            />
          );
        })}
      </div>
      {menu && (
        <MenuPopup
          label={t('tree.more', { name: baseName(menu.node.path) })}
          items={commands.items(menu.node, editable, () => startRename(menu.node))}
          anchor={menu.anchor}
          onClose={() => setMenu(undefined)}
        />
      )}
    </div>
  );
}
