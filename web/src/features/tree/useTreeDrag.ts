import { useEffect, useState, type DragEvent } from 'react';
import { isWithin, parentPath } from '@/lib/paths';
import type { TreeNode } from './model';

const TYPE = 'application/x-mdreader-path';
/** Holding over a closed folder opens it. */
const SPRING_MS = 600;

const folderUnder = (event: DragEvent): string =>
  (event.target instanceof Element ? event.target.closest<HTMLElement>('[data-drop-folder]')?.dataset['dropFolder'] : undefined) ?? '';

/** Dragging rows onto folders. `target` is the folder under the pointer; '' is the top. */
export function useTreeDrag(onMove: (node: TreeNode, folder: string) => void, openFolder: (path: string) => void) {
  const [dragged, setDragged] = useState<TreeNode>();
  const [target, setTarget] = useState<string>();

  useEffect(() => {
    if (!target) return;
    const timer = setTimeout(() => openFolder(target), SPRING_MS);
    return () => clearTimeout(timer);
  }, [target, openFolder]);

  const accepts = (folder: string): boolean =>
    dragged !== undefined && parentPath(dragged.path) !== folder && !(dragged.kind === 'folder' && isWithin(folder, dragged.path));

  const stop = (): void => {
    setDragged(undefined);
    setTarget(undefined);
  };

  return {
    target,
    start: (node: TreeNode, event: DragEvent): void => {
      event.dataTransfer.setData(TYPE, node.path);
      event.dataTransfer.effectAllowed = 'move';
      setDragged(node);
    },
    handlers: {
      onDragOver: (event: DragEvent): void => {
        const folder = folderUnder(event);
        if (!accepts(folder)) {
          setTarget(undefined);
          return;
        }
        event.preventDefault();
        event.dataTransfer.dropEffect = 'move';
        setTarget(folder);
      },
      onDrop: (event: DragEvent): void => {
        const folder = folderUnder(event);
        if (dragged && accepts(folder)) {
          event.preventDefault();
          onMove(dragged, folder);
        }
        stop();
      },
      onDragLeave: (event: DragEvent): void => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setTarget(undefined);
      },
      onDragEnd: stop,
    },
  };
}
