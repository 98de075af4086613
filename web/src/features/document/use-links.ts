/** Links inside a document lead to other documents of the workspace without leaving the page. */
import { useCallback, useMemo } from 'react';
import { useLocation } from 'wouter';
import { createDocument, type Documents } from '@/features/tree';
import { documentPath } from '@/lib/paths';
import { toast } from '@/lib/toasts';
import { finderOf, placeOf } from './link-places';
import { t } from './strings';

export interface LinkOptions {
  workspaceId: string;
  /** Where the document is that the links stand in. */
  path: string;
  /** Undefined while they are not known. */
  documents: Documents | undefined;
  writable: boolean;
  /** Scrolls to an anchor of this document. */
  goToFragment: (fragment: string) => void;
}

export interface Links {
  open: (href: string) => void;
  /** Whether it leads to no document, as far as is known; these are marked. */
  isDead: (href: string) => boolean;
}

export function useLinks({ workspaceId, path, documents, writable, goToFragment }: LinkOptions): Links {
  const [, navigate] = useLocation();
  const find = useMemo(() => finderOf(documents ?? []), [documents]);
  const known = documents !== undefined;
  const isDead = useCallback(
    (href: string): boolean => {
      if (!known) return false;
      const { kind } = placeOf(href, path, find);
      return kind === 'missing' || kind === 'outside';
    },
    [known, find, path],
  );
  const open = useCallback(
    (href: string) => {
      const go = (id: string, fragment: string): void => navigate(`/w/${workspaceId}/d/${id}${fragment ? `#${encodeURIComponent(fragment)}` : ''}`);
      const place = placeOf(href, path, find);
      switch (place.kind) {
        case 'unsafe':
          toast(t('link.unsafe'), { kind: 'error' });
          return;
        case 'external':
          window.open(href, '_blank', 'noopener,noreferrer');
          return;
        case 'outside':
          toast(t('link.outside'));
          return;
        case 'here':
          goToFragment(place.fragment);
          return;
        case 'document':
          go(place.id, place.fragment);
          return;
        case 'missing': {
          const missing = documentPath(place.path);
          const create = (): void => void createDocument(workspaceId, missing).then((created) => created && go(created.id, ''));
          toast(t('link.missing', { path: missing }), writable ? { action: { label: t('link.create'), run: create } } : {});
        }
      }
    },
    [workspaceId, path, writable, goToFragment, navigate, find],
  );
  return useMemo(() => ({ open, isDead }), [open, isDead]);
}
