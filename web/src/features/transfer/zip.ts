import { unzipSync } from 'fflate';
import { MARKDOWN_FILE } from '@/lib/paths';
import type { SourceFile } from './entries';

/** Files unpacked in one go, between which the page may draw. */
const AT_ONCE = 200;

export const isZip = (path: string): boolean => /\.zip$/i.test(path);

const breathe = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

const packed = (path: string, size: number): SourceFile => ({ path, size, read: () => Promise.reject(new Error(`${path} was not unpacked`)) });

/**
 * The files of a ZIP archive. Only Markdown of at most `maxBytes` is unpacked: the rest is listed, to be
 * reported as skipped. (fflate's own background mode starts workers from blob: addresses, which the
 * content security policy forbids.)
 */
export async function readZip(archive: Uint8Array, maxBytes: number, signal: AbortSignal): Promise<readonly SourceFile[]> {
  const all: { name: string; size: number }[] = [];
  unzipSync(archive, {
    filter: ({ name, originalSize }) => {
      if (!name.endsWith('/')) all.push({ name, size: originalSize });
      return false;
    },
  });
  const wanted = all.filter(({ name, size }) => MARKDOWN_FILE.test(name) && size <= maxBytes);
  const contents = new Map<string, Uint8Array>();
  for (let at = 0; at < wanted.length; at += AT_ONCE) {
    signal.throwIfAborted();
    const names = new Set(wanted.slice(at, at + AT_ONCE).map(({ name }) => name));
    for (const [name, bytes] of Object.entries(unzipSync(archive, { filter: ({ name }) => names.has(name) }))) contents.set(name, bytes);
    await breathe();
  }
  return all.map(({ name, size }) => {
    const bytes = contents.get(name);
    return bytes ? { path: name, size: bytes.length, read: () => Promise.resolve(bytes) } : packed(name, size);
  });
}
