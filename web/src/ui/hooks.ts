import { useEffect, useState, useSyncExternalStore } from 'react';
import { listActions, onActionsChange, registerActions, type Action } from '@/lib/actions';
import { isReachable, onReachableChange } from '@/lib/online';
import { t } from '@/lib/strings';

/** Registers actions while the component is on screen. Memoise the list. */
export function useActions(actions: readonly Action[]): void {
  useEffect(() => registerActions(actions), [actions]);
}

/** What the browser's tab and history call this screen. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · ${t('app.name')}`;
  }, [title]);
}

export const useActionList = (): readonly Action[] => useSyncExternalStore(onActionsChange, listActions);

export const useReachable = (): boolean => useSyncExternalStore(onReachableChange, isReachable);

export function useMedia(query: string): boolean {
  return useSyncExternalStore(
    (changed) => {
      const list = matchMedia(query);
      list.addEventListener('change', changed);
      return () => list.removeEventListener('change', changed);
    },
    () => matchMedia(query).matches,
  );
}

export const useIsPhone = (): boolean => useMedia('(max-width: 760px)');

/** False until `ms` have passed: what comes sooner needs no skeleton. */
export function useLate(ms = 150): boolean {
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), ms);
    return () => clearTimeout(timer);
  }, [ms]);
  return late;
}
