import { useEffect } from 'react';
import { loadPalette } from '@/features/palette';
import { loadShortcuts } from '@/features/shortcuts';
import { loadPrompt } from '@/ui/prompt';

const REST_MS = 300;

export const loadDocument = () => import('@/features/document');

/** Fetches what the next click needs, once the page has come to rest. */
export function useWarmUp(): void {
  useEffect(() => {
    const timer = setTimeout(() => void Promise.all([loadDocument(), loadPalette(), loadPrompt(), loadShortcuts()]).catch(() => undefined), REST_MS);
    return () => clearTimeout(timer);
  }, []);
}
