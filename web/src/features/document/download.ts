import { baseName } from '@/lib/paths';

/** Saves text as a file on this machine. */
export function downloadText(path: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: 'text/markdown;charset=utf-8' }));
  const link = document.createElement('a');
  link.href = address;
  link.download = baseName(path) || 'document.md';
  link.click();
  // The download has to start before the address goes.
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
