/** Where a link of a document leads: to another one, to a part of this one, out of the workspace, or nowhere. */
import { isExternal, isSafeLink, resolveLink } from '@/core/render';

export type LinkPlace =
  | { readonly kind: 'unsafe' | 'external' | 'outside' }
  | { readonly kind: 'here'; readonly fragment: string }
  | { readonly kind: 'document'; readonly id: string; readonly fragment: string }
  | { readonly kind: 'missing'; readonly path: string };

interface Listed {
  readonly id: string;
  readonly path: string;
}

/** The id of the document that a path means, if there is one. */
export type Finder = (path: string) => string | undefined;

/** A link may leave the extension out, or name a folder and mean its first page. */
const candidates = (path: string): readonly string[] => [path, `${path}.md`, `${path}/README.md`, `${path}/index.md`].map((one) => one.replace(/^\//, ''));

/** Asked for every link of a document, so it looks paths up; capital letters count only where they decide. */
export function finderOf(documents: readonly Listed[]): Finder {
  const exact = new Map(documents.map(({ id, path }) => [path, id]));
  const loose = new Map(documents.toReversed().map(({ id, path }) => [path.toLowerCase(), id]));
  return (path) => {
    const wanted = candidates(path);
    return wanted.map((one) => exact.get(one)).find(Boolean) ?? wanted.map((one) => loose.get(one.toLowerCase())).find(Boolean);
  };
}

export function placeOf(href: string, from: string, find: Finder): LinkPlace {
  if (!isSafeLink(href)) return { kind: 'unsafe' };
  if (isExternal(href)) return { kind: 'external' };
  const target = resolveLink(href, from);
  if (!target) return { kind: 'outside' };
  const { path, fragment } = target;
  if (path === '' && !href.startsWith('/')) return { kind: 'here', fragment };
  const id = find(path);
  return id === undefined ? { kind: 'missing', path } : { kind: 'document', id, fragment };
}
