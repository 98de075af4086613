// Pure: which of the files go to the server, under which path, in which calls.
import { isWithin, joinPath, MARKDOWN_FILE } from '@/lib/paths';
import type { SourceFile } from './entries';

export type SkipReason = 'not_markdown' | 'too_large' | 'not_utf8' | 'system' | 'folder';

export interface Skipped {
  readonly path: string;
  readonly reason: SkipReason;
}

export interface Planned {
  readonly path: string;
  readonly file: SourceFile;
}

export interface Plan {
  readonly planned: readonly Planned[];
  readonly skipped: readonly Skipped[];
}

export const BATCH_DOCUMENTS = 200;
export const BATCH_BYTES = 4 * 1024 * 1024;

/** What macOS puts beside real files in archives and on foreign disks. */
const isSystemFile = (path: string): boolean => isWithin(path, '__MACOSX') || /(^|\/)\._[^/]*$/.test(path);

/** '..' or an empty part cannot be a place in a workspace; an archive may hold them. */
const cleanPath = (path: string): string =>
  path
    .replaceAll('\\', '/')
    .split('/')
    .filter((part) => part !== '' && part !== '.' && part !== '..')
    .join('/');

export function planImport(files: readonly SourceFile[], folder: string, maxBytes: number): Plan {
  const planned: Planned[] = [];
  const skipped: Skipped[] = [];
  for (const file of files) {
    const path = cleanPath(file.path);
    if (isSystemFile(path)) skipped.push({ path, reason: 'system' });
    else if (!MARKDOWN_FILE.test(path)) skipped.push({ path, reason: 'not_markdown' });
    else if (file.size > maxBytes) skipped.push({ path, reason: 'too_large' });
    else planned.push({ path: joinPath(folder, path), file });
  }
  planned.sort((a, b) => (a.path < b.path ? -1 : 1));
  return { planned, skipped };
}

/** Cuts a list into calls that the server takes; one document larger than a call goes alone. */
export function batches<T extends { readonly file: { readonly size: number } }>(
  items: readonly T[],
  maxDocuments = BATCH_DOCUMENTS,
  maxBytes = BATCH_BYTES,
): readonly (readonly T[])[] {
  const cut: T[][] = [];
  let current: T[] = [];
  let bytes = 0;
  for (const item of items) {
    if (current.length > 0 && (current.length >= maxDocuments || bytes + item.file.size > maxBytes)) {
      cut.push(current);
      current = [];
      bytes = 0;
    }
    current.push(item);
    bytes += item.file.size;
  }
  if (current.length > 0) cut.push(current);
  return cut;
}

/** The text, exactly (a BOM stays), or undefined for bytes that are not UTF-8 text. */
export function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
