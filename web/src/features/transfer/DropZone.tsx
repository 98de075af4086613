import { useEffect, useState } from 'react';
import { t } from '@/lib/strings';
import { takeEntries } from './entries';
import { beginImport } from './open';
import './import.css';

const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') ?? false;

const folderUnder = (event: DragEvent): string =>
  (event.target instanceof Element ? event.target.closest<HTMLElement>('[data-drop-folder]')?.dataset['dropFolder'] : undefined) ?? '';

/** Takes files dropped anywhere; over a folder of the tree they go into it. */
export function DropZone({ workspaceId }: { workspaceId: string }) {
  const [folder, setFolder] = useState<string>();

  useEffect(() => {
    const over = (event: DragEvent): void => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      event.stopPropagation();
      if (event.dataTransfer) event.dataTransfer.dropEffect = 'copy';
      setFolder(folderUnder(event));
    };
    const leave = (event: DragEvent): void => {
      if (event.relatedTarget === null) setFolder(undefined);
    };
    const drop = (event: DragEvent): void => {
      setFolder(undefined);
      if (!hasFiles(event) || !event.dataTransfer) return;
      event.preventDefault();
      event.stopPropagation();
      const entries = takeEntries(event.dataTransfer);
      // Files that a program made, not the file manager, have no entries.
      void beginImport(workspaceId, folderUnder(event), entries.length > 0 ? { entries } : { files: [...event.dataTransfer.files] });
    };
    // Capture: the editor would otherwise paste a dropped file's text into the document.
    window.addEventListener('dragover', over, true);
    window.addEventListener('dragleave', leave, true);
    window.addEventListener('drop', drop, true);
    return () => {
      window.removeEventListener('dragover', over, true);
      window.removeEventListener('dragleave', leave, true);
      window.removeEventListener('drop', drop, true);
    };
  }, [workspaceId]);

  if (folder === undefined) return null;
  return (
    <div className="drop-overlay">
      <span className="drop-label">{folder ? t('import.drop_into', { folder }) : t('import.drop')}</span>
    </div>
  );
}
