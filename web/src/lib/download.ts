import { baseName } from './paths';

/** Saves text as a file on this machine. */
export function downloadText(path: string, text: string, type = 'text/markdown'): void {
  const address = URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` }));
  const link = document.createElement('a');
  link.href = address;
  link.download = baseName(path) || 'document.md';
  link.click();
  // The download has to start before the address goes.
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
