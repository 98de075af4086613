/** A document as a list of top-level blocks, each of which can be rendered by itself. */
import { NOTE } from './footnotes';
import { FRONT_MATTER_LIMIT, frontMatterLength } from './front-matter';
import { splitter } from './markdown';
import { endOfWrapped } from './wrapped';

export type BlockKind = 'markdown' | 'front-matter' | 'notes';

export interface Block {
  readonly kind: BlockKind;
  /** Equal keys render equally. */
  readonly key: string;
  readonly source: string;
  /** Lines of the document, counted from 0, the end not included. */
  readonly startLine: number;
  readonly endLine: number;
  /** The anchor of the heading that this block is; of all headings in it, one a line, where HTML holds several blocks together. */
  readonly slug: string | null;
}

export interface Heading {
  readonly level: number;
  readonly text: string;
  readonly line: number;
  readonly slug: string;
}

export interface Note {
  readonly number: number;
  readonly source: string;
  readonly line: number;
}

export type References = Readonly<Record<string, { title: string; href: string }>>;

/** What a block has to know of the rest of the document. */
export interface RenderContext {
  readonly references: References;
  readonly notes: ReadonlyMap<string, number>;
  readonly noteList: readonly Note[];
}

export interface Split extends RenderContext {
  readonly blocks: readonly Block[];
  readonly headings: readonly Heading[];
  /** Equal for equal contexts. */
  readonly contextKey: string;
}

const NO_INLINE = new Set(['fence', 'code_block', 'html_block', NOTE]);
const NOTE_REFERENCE = /\[\^([^\]\s]+)\]/g;

interface Found {
  readonly source: string;
  readonly startLine: number;
  readonly endLine: number;
  readonly slug: string | null;
  readonly inline: boolean;
  readonly html: boolean;
}

/** Makes one of those that an HTML element holds together. */
function wrap(found: readonly Found[], lines: readonly string[]): readonly Found[] {
  if (!found.some(({ html }) => html)) return found;
  const wrapped: Found[] = [];
  let next = 0;
  while (next < found.length) {
    const group = found.slice(next, endOfWrapped(found, next));
    next += group.length;
    const [first] = group;
    const last = group.at(-1);
    if (!first || !last) break;
    if (group.length === 1) wrapped.push(first);
    else {
      const slugs = group.flatMap(({ slug }) => slug ?? []);
      wrapped.push({
        source: lines.slice(first.startLine, last.endLine).join('\n'),
        startLine: first.startLine,
        endLine: last.endLine,
        slug: slugs.length > 0 ? slugs.join('\n') : null,
        inline: true,
        html: true,
      });
    }
  }
  return wrapped;
}

export function splitDocument(text: string): Split {
  const normal = text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text;
  const lines = normal.split('\n');
  const front = normal.startsWith('---') ? frontMatterLength(normal.slice(0, FRONT_MATTER_LIMIT)) : 0;
  const frontLines = front === 0 ? 0 : normal.slice(0, front).split('\n').length;
  const env: { references?: References } = {};
  const tokens = splitter.parse(frontLines === 0 ? normal : lines.slice(frontLines).join('\n'), env);

  const found: Found[] = [];
  const definitions = new Map<string, { source: string; line: number }>();
  const headings: Heading[] = [];
  const slugs = new Map<string, number>();
  for (const [index, token] of tokens.entries()) {
    if (token.level !== 0 || token.nesting < 0 || !token.map) continue;
    const startLine = token.map[0] + frontLines;
    let endLine = token.map[1] + frontLines;
    // A list counts the blank lines after it as its own; scrolling by line would not.
    if (!NO_INLINE.has(token.type)) while (endLine > startLine + 1 && lines[endLine - 1]?.trim() === '') endLine -= 1;
    if (token.type === NOTE) {
      const { label } = token.meta as { label: string };
      if (!definitions.has(label)) definitions.set(label, { source: token.content, line: startLine });
      continue;
    }
    let slug: string | null = null;
    if (token.type === 'heading_open') {
      const title = plainTitle(tokens[index + 1]?.content ?? '');
      slug = uniqueSlug(title, slugs);
      headings.push({ level: Number(token.tag.slice(1)), text: title, line: startLine, slug });
    }
    const source = lines.slice(startLine, endLine).join('\n');
    found.push({ source, startLine, endLine, slug, inline: !NO_INLINE.has(token.type), html: token.type === 'html_block' });
  }
  const pieces = wrap(found, lines);

  const { notes, noteList } = numberNotes(pieces, definitions);
  const references = env.references ?? {};
  const referenceKey = hash(JSON.stringify(references));
  const noteKey = hash([...notes.keys()].join('\n'));
  const blocks: Block[] = pieces.map(({ source, startLine, endLine, slug }) => {
    const environment = source.includes('[') ? `${referenceKey} ${source.includes('[^') ? noteKey : ''}` : '';
    return { kind: 'markdown', key: `${environment}\n${source}`, source, startLine, endLine, slug };
  });
  if (frontLines > 0) {
    const source = lines.slice(1, frontLines - 1).join('\n');
    blocks.unshift({ kind: 'front-matter', key: `---\n${source}`, source, startLine: 0, endLine: frontLines, slug: null });
  }
  if (noteList.length > 0) {
    const key = `notes ${referenceKey}\n${noteList.map((note) => note.source).join('\n')}`;
    const end = lines.length;
    blocks.push({ kind: 'notes', key, source: '', startLine: end, endLine: end, slug: null });
  }
  const contextKey = `${referenceKey} ${noteKey} ${hash(noteList.map((note) => note.source).join('\n'))}`;
  return { blocks, headings, references, notes, noteList, contextKey };
}

export const headingsOf = (text: string): readonly Heading[] => splitDocument(text).headings;

/** Notes are numbered in the order in which the text refers to them; those of notes come after. */
function numberNotes(
  blocks: readonly { source: string; inline: boolean }[],
  definitions: ReadonlyMap<string, { source: string; line: number }>,
): { notes: Map<string, number>; noteList: Note[] } {
  const notes = new Map<string, number>();
  const noteList: Note[] = [];
  const scan = (source: string) => {
    if (definitions.size === 0 || !source.includes('[^')) return;
    for (const [, label = ''] of source.matchAll(NOTE_REFERENCE)) {
      const definition = definitions.get(label);
      if (!definition || notes.has(label)) continue;
      notes.set(label, noteList.length + 1);
      noteList.push({ number: noteList.length + 1, ...definition });
    }
  };
  for (const block of blocks) if (block.inline) scan(block.source);
  // The list grows while it is walked.
  for (const note of noteList) scan(note.source);
  return { notes, noteList };
}

/** A heading as plain words: for the outline and for its anchor. */
function plainTitle(source: string): string {
  return source
    .replace(/!?\[([^\]]*)\](?:\([^)]*\)|\[[^\]]*\])/g, '$1')
    .replace(/<[^>]*>/g, '')
    .replace(/[*`~]|\\(?=[\\`*_{}[\]()#+.!-])/g, '')
    .replace(/(?<![\p{L}\p{N}])_+|_+(?![\p{L}\p{N}])/gu, '')
    .trim();
}

/** The anchor GitHub would give, because that is what links in existing documents are written for. */
export function slugOf(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '')
    .replaceAll(' ', '-');
}

function uniqueSlug(title: string, seen: Map<string, number>): string {
  const slug = slugOf(title) || 'section';
  const count = seen.get(slug) ?? 0;
  seen.set(slug, count + 1);
  return count === 0 ? slug : `${slug}-${count}`;
}

/** FNV-1a: short keys for long definitions. */
function hash(text: string): string {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  return (value >>> 0).toString(36);
}
