// The small part of importing that is there from the start; the rest loads with the first import.
import { lazy } from 'react';
import { api } from '@/lib/api';
import { t } from '@/lib/strings';
import { toast } from '@/lib/toasts';
import { showModal } from '@/ui/modal';
import { reportFailure } from '@/ui/query';
import type { ImportSource } from './job';

const ImportDialog = lazy(() => import('./ImportDialog'));

export async function beginImport(workspaceId: string, folder: string, source: ImportSource): Promise<void> {
  try {
    const { startImport } = await import('./job');
    const begun = startImport(workspaceId, folder, source);
    const show = (): void => showModal((close) => <ImportDialog onClose={close} onShow={show} />);
    show();
    if (!begun) toast(t('import.other'), { kind: 'error' });
  } catch (error) {
    reportFailure(t('import.failed'), error);
  }
}

/** Opens the browser's picker for files (Markdown or ZIP) or for a folder. */
export function pickImport(workspaceId: string, what: 'files' | 'folder', folder = ''): void {
  const input = document.createElement('input');
  input.type = 'file';
  input.multiple = true;
  if (what === 'folder') input.webkitdirectory = true;
  else input.accept = '.md,.markdown,.mdown,.mkd,.mkdn,.mdx,.zip';
  input.addEventListener('change', () => {
    if (input.files && input.files.length > 0) void beginImport(workspaceId, folder, { files: [...input.files] });
  });
  input.click();
}

/** Downloads the workspace as a ZIP archive. The browser itself asks for it, so the session is renewed first. */
export async function exportWorkspace(workspaceId: string): Promise<void> {
  try {
    await api.get('/api/me');
  } catch (error) {
    reportFailure(t('export.failed'), error);
    return;
  }
  const link = document.createElement('a');
  link.href = `/api/workspaces/${workspaceId}/export`;
  link.download = '';
  link.click();
}
