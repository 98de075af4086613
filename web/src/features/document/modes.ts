/** The ways to look at a document, and the one this person used last. */
import { useCallback, useState } from 'react';

export type Mode = 'edit' | 'source' | 'split' | 'read';

const KEY = 'mdreader.mode';

export function modesFor(writable: boolean, phone: boolean): readonly Mode[] {
  if (!writable) return ['read', 'source'];
  return phone ? ['edit', 'source', 'read'] : ['edit', 'source', 'split', 'read'];
}

const isMode = (value: string | null): value is Mode => value === 'edit' || value === 'source' || value === 'split' || value === 'read';

function storedMode(): Mode {
  const stored = localStorage.getItem(KEY);
  return isMode(stored) ? stored : 'edit';
}

/** What was chosen, as far as this document and this screen allow it; who cannot write reads. A `fresh` one is written in. */
export function useMode(allowed: readonly Mode[], writable: boolean, fresh: boolean): [Mode, (mode: Mode) => void] {
  const [chosen, setChosen] = useState<Mode | null>(() => (fresh && storedMode() === 'read' ? 'edit' : null));
  const wanted = chosen ?? (writable ? storedMode() : 'read');
  const mode = allowed.includes(wanted) ? wanted : (allowed[0] ?? 'read');
  const choose = useCallback(
    (next: Mode): void => {
      setChosen(next);
      if (writable) localStorage.setItem(KEY, next);
    },
    [writable],
  );
  return [mode, choose];
}
