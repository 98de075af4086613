/** Links inside a document lead to other documents of the workspace without leaving the page. */
import { useCallback } from 'react';
import { useLocation } from 'wouter';
import { isExternal, isSafeLink, resolveLink } from '@/core/render';
import { cachedDocuments, createDocument } from '@/features/tree';
import { documentPath } from '@/lib/paths';
import { toast } from '@/lib/toasts';
import { t } from './strings';

/** A link may leave the extension out, or name a folder and mean its first page. */
const candidates = (path: string): readonly string[] => [path, `${path}.md`, `${path}/README.md`, `${path}/index.md`].map((one) => one.replace(/^\//, ''));

export interface LinkOptions {
  workspaceId: string;
  path: string;
  writable: boolean;
  /** Scrolls to an anchor of this document. */
  goToFragment: (fragment: string) => void;
}

export function useLinks({ workspaceId, path, writable, goToFragment }: LinkOptions): (href: string) => void {
  const [, navigate] = useLocation();
  return useCallback(
    (href: string) => {
      if (!isSafeLink(href)) {
        toast(t('link.unsafe'), { kind: 'error' });
        return;
      }
      if (isExternal(href)) {
        window.open(href, '_blank', 'noopener,noreferrer');
        return;
      }
      const target = resolveLink(href, path);
      if (!target) {
        toast(t('link.outside'));
        return;
      }
      if (target.path === '') {
        goToFragment(target.fragment);
        return;
      }
      const go = (id: string): void => navigate(`/w/${workspaceId}/d/${id}${target.fragment ? `#${encodeURIComponent(target.fragment)}` : ''}`);
      const documents = cachedDocuments(workspaceId);
      const wanted = candidates(target.path);
      const found =
        wanted.map((one) => documents.find((document) => document.path === one)).find(Boolean) ??
        documents.find((document) => wanted.some((one) => one.toLowerCase() === document.path.toLowerCase()));
      if (found) {
        go(found.id);
        return;
      }
      const missing = documentPath(target.path);
      const create = (): void => void createDocument(workspaceId, missing).then((created) => created && go(created.id));
      toast(t('link.missing', { path: missing }), writable ? { action: { label: t('link.create'), run: create } } : {});
    },
    [workspaceId, path, writable, goToFragment, navigate],
  );
}
