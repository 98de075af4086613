/** Which addresses may be opened and shown, and where a relative one leads inside the workspace. */

const SCHEME = /^[a-z][a-z0-9+.-]*:/i;
const OPENABLE = /^(?:https?|mailto|tel):/i;
const IMAGE_DATA = /^data:image\/(?:png|jpe?g|gif|webp|avif|svg\+xml)[;,]/i;

/** Browsers drop control characters and leading space before they read a scheme; so do we. */
// eslint-disable-next-line no-control-regex -- these are the characters meant
const strip = (url: string) => url.replace(/[\u0000-\u0020\u007f-\u00a0]+/g, '');

/** Whether a click on it may lead anywhere: http, https, mailto, tel and relative addresses. */
export function isSafeLink(href: string): boolean {
  const bare = strip(href);
  return OPENABLE.test(bare) || !SCHEME.test(bare);
}

/** An image runs no script, whatever it contains, so pictures may also come as data. */
export function isSafeImage(src: string): boolean {
  const bare = strip(src);
  return /^https?:/i.test(bare) || IMAGE_DATA.test(bare) || !SCHEME.test(bare);
}

export const isExternal = (href: string) => SCHEME.test(strip(href)) || strip(href).startsWith('//');

export interface DocumentTarget {
  /** A path in the workspace, without a leading slash; empty for the document itself. */
  readonly path: string;
  readonly fragment: string;
}

/** Where a relative link of the document at `from` leads; null when it leaves the workspace. */
export function resolveLink(href: string, from: string): DocumentTarget | null {
  if (isExternal(href)) return null;
  const [withQuery = '', ...rest] = href.split('#');
  const fragment = decode(rest.join('#'));
  const relative = decode(withQuery.split('?')[0] ?? '');
  if (relative === '') return { path: '', fragment };
  const parts = relative.startsWith('/') ? [] : from.split('/').slice(0, -1);
  for (const part of relative.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) return null;
  }
  return { path: parts.join('/'), fragment };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
