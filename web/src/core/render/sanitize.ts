/**
 * What of a document's HTML may stand in the page. An allow-list: text, pictures, tables and links; no style in any form
 * (a positioned box can cover the page and ask for a password), no form, no SVG, no ids that shadow the page's own.
 */
import createDOMPurify, { type Config, type DOMPurify } from 'dompurify';
import { isExternal, isSafeImage, isSafeLink } from './links';

const TAGS = (
  'a abbr b bdi bdo blockquote br caption cite code col colgroup dd del details dfn div dl dt em figcaption figure ' +
  'h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p picture pre q rp rt ruby s samp section small span strike strong ' +
  'sub summary sup table tbody td tfoot th thead time tr tt u ul var wbr'
).split(' ');

const ATTRIBUTES = (
  'align alt cite class colspan data-task-done data-task-line datetime dir headers height href id lang name open ' +
  'reversed rowspan scope src start title valign value width'
).split(' ');

/** Classes are how a document could borrow the page's own boxes; these are ours for documents. */
const OWN_CLASS = /^(?:language-[\w+#.-]{1,40}|md-[a-z-]{1,40})$/;

const CONFIG = {
  ALLOWED_TAGS: TAGS,
  ALLOWED_ATTR: ATTRIBUTES,
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
  FORBID_ATTR: ['style'],
  FORBID_TAGS: ['style', 'form'],
  // Prefixes ids and names, so that none can stand for a property of the document or be an anchor of the page.
  SANITIZE_NAMED_PROPS: true,
  RETURN_DOM_FRAGMENT: true,
} as const satisfies Config;

/** What DOMPurify puts before every id. */
export const ID_PREFIX = 'user-content-';

let purify: DOMPurify | null = null;

function instance(): DOMPurify {
  if (purify) return purify;
  purify = createDOMPurify(window);
  purify.addHook('uponSanitizeAttribute', (_node, data) => {
    if (data.attrName === 'class') {
      data.attrValue = data.attrValue.split(/\s+/).filter((name) => OWN_CLASS.test(name)).join(' ');
      data.keepAttr = data.attrValue !== '';
    }
    if (data.attrName === 'href') data.keepAttr = isSafeLink(data.attrValue);
    if (data.attrName === 'src') data.keepAttr = isSafeImage(data.attrValue);
  });
  purify.addHook('afterSanitizeAttributes', (node) => {
    if (node.tagName === 'A') guardLink(node);
    if (node.tagName === 'IMG') {
      node.setAttribute('loading', 'lazy');
      node.setAttribute('decoding', 'async');
      node.setAttribute('referrerpolicy', 'no-referrer');
    }
  });
  return purify;
}

function guardLink(link: Element): void {
  if (!isExternal(link.getAttribute('href') ?? '')) return;
  link.setAttribute('target', '_blank');
  link.setAttribute('rel', 'noopener noreferrer nofollow');
}

export function sanitize(html: string): DocumentFragment {
  return instance().sanitize(html, CONFIG);
}
