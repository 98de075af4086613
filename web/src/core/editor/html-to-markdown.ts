/** Rich text from a clipboard, written as Markdown. Reads an inert document; nothing of it is ever shown. */

const ESCAPED = /[\\`*_[\]<>]|^(?=[#+-] |\d+[.)] |> )/g;
const SKIPPED = new Set(['SCRIPT', 'STYLE', 'HEAD', 'TITLE', 'META', 'LINK', 'TEMPLATE', 'NOSCRIPT', 'SVG']);
const BLOCKS = /^(?:P|DIV|SECTION|ARTICLE|MAIN|HEADER|FOOTER|FIGURE|H[1-6]|UL|OL|LI|BLOCKQUOTE|PRE|TABLE|HR|DL|DT|DD)$/;
const LINK = /^(?:https?:|mailto:|\/|#|\.)/i;

export function htmlToMarkdown(html: string): string {
  const { body } = new DOMParser().parseFromString(html, 'text/html');
  return blocks(body).trim();
}

/** Blocks become paragraphs of their own, and runs of inline content between them as well. */
function blocks(parent: Node): string {
  const parts: string[] = [];
  let run = '';
  const endRun = () => {
    if (run.trim() !== '') parts.push(tidy(run));
    run = '';
  };
  for (const child of parent.childNodes) {
    if (child instanceof Element && isBlock(child)) {
      endRun();
      const text = block(child);
      if (text.trim() !== '') parts.push(text);
    } else run += inline(child);
  }
  endRun();
  return parts.join('\n\n');
}

const isBlock = (element: Element) => BLOCKS.test(element.tagName) || element.querySelector('p, ul, ol, table, pre, h1, h2, h3') !== null;

const tidy = (text: string) =>
  text
    .replace(/[ \t]*\n[ \t]*/g, '\n')
    .replace(/^\n+|\n+$/g, '')
    .replace(/[ \t\u00a0]+/g, ' ')
    .trim();

function block(element: Element): string {
  const { tagName } = element;
  const heading = /^H([1-6])$/.exec(tagName);
  if (heading) return `${'#'.repeat(Number(heading[1]))} ${oneLine(element)}`;
  switch (tagName) {
    case 'UL':
    case 'OL':
      return list(element, tagName === 'OL');
    case 'BLOCKQUOTE':
      return blocks(element)
        .split('\n')
        .map((line) => `> ${line}`.trimEnd())
        .join('\n');
    case 'PRE':
      return fence(element);
    case 'TABLE':
      return table(element as HTMLTableElement);
    case 'HR':
      return '---';
    default:
      return blocks(element);
  }
}

const oneLine = (element: Element) => tidy(inlineChildren(element)).replaceAll('\n', ' ');

function list(element: Element, ordered: boolean): string {
  let number = Number(element.getAttribute('start') ?? 1);
  const items: string[] = [];
  for (const child of element.children) {
    // Word processors nest a list beside its item instead of inside it.
    if (child.tagName === 'UL' || child.tagName === 'OL') {
      items.push(list(child, child.tagName === 'OL').replace(/^/gm, '  '));
      continue;
    }
    const marker = ordered ? `${number}. ` : '- ';
    number += 1;
    const box = child.querySelector(':scope > input[type=checkbox], :scope > p > input[type=checkbox]');
    const task = box ? (box.hasAttribute('checked') ? '[x] ' : '[ ] ') : '';
    const text = blocks(child).replace(/\n\n(?=\s*(?:[-*]|\d+\.) )/g, '\n');
    items.push(marker + task + text.replaceAll('\n', `\n${' '.repeat(marker.length)}`));
  }
  return items.join('\n');
}

function fence(element: Element): string {
  const code = element.textContent.replace(/\n$/, '');
  const ticks = Math.max(3, ...[...code.matchAll(/`+/g)].map((found) => found[0].length + 1));
  const language = /language-([\w+#-]+)/.exec(element.innerHTML)?.[1] ?? '';
  return `${'`'.repeat(ticks)}${language}\n${code}\n${'`'.repeat(ticks)}`;
}

function table(element: HTMLTableElement): string {
  const rows = [...element.rows].map((row) => [...row.cells].map((cell) => oneLine(cell).replaceAll('|', '\\|')));
  const [head, ...body] = rows;
  if (!head) return '';
  const width = Math.max(...rows.map((row) => row.length));
  const line = (cells: readonly string[]) => `| ${Array.from({ length: width }, (_, at) => cells[at] ?? '').join(' | ')} |`;
  return [line(head), `|${' --- |'.repeat(width)}`, ...body.map(line)].join('\n');
}

const inlineChildren = (node: Node): string => [...node.childNodes].map(inline).join('');

function inline(node: Node): string {
  if (node.nodeType === Node.TEXT_NODE) {
    return (node.textContent ?? '').replace(/\s+/g, ' ').replace(ESCAPED, (found) => `\\${found}`);
  }
  if (!(node instanceof Element) || SKIPPED.has(node.tagName.toUpperCase())) return '';
  const inner = inlineChildren(node);
  switch (node.tagName) {
    case 'BR':
      return '\n';
    case 'STRONG':
    case 'B':
      // A clipboard of Google Docs is wrapped in a bold element that is not bold.
      return (node as HTMLElement).style.fontWeight === 'normal' ? inner : wrapped(inner, '**');
    case 'EM':
    case 'I':
      return wrapped(inner, '_');
    case 'DEL':
    case 'S':
      return wrapped(inner, '~~');
    case 'CODE':
    case 'KBD':
      return codeSpan(node.textContent);
    case 'A':
      return anchor(node as HTMLAnchorElement, inner);
    case 'IMG': {
      const src = node.getAttribute('src') ?? '';
      return /^https?:/i.test(src) ? `![${node.getAttribute('alt') ?? ''}](${address(src)})` : '';
    }
    default:
      return inner;
  }
}

function wrapped(inner: string, mark: string): string {
  const text = inner.trim();
  if (text === '') return inner;
  const lead = /^\s*/.exec(inner)?.[0] ?? '';
  const tail = /\s*$/.exec(inner)?.[0] ?? '';
  return `${lead}${mark}${text}${mark}${tail}`;
}

function codeSpan(code: string): string {
  const ticks = code.includes('`') ? '``' : '`';
  const space = code.includes('`') ? ' ' : '';
  return `${ticks}${space}${code}${space}${ticks}`;
}

const address = (href: string) => (/[\s()<>]/.test(href) ? `<${href.replace(/[<>\n]/g, encodeURIComponent)}>` : href);

function anchor(element: HTMLAnchorElement, inner: string): string {
  const href = element.getAttribute('href') ?? '';
  const text = inner.trim();
  if (text === '' || !LINK.test(href)) return inner;
  return text === href ? `<${href}>` : `[${text}](${address(href)})`;
}
