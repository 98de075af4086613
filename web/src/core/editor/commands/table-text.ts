/** Pipe tables as text: where the cells of a row stand, and how a table looks with its columns lined up. */

export interface Cell {
  /** Between the pipes. */
  readonly from: number;
  readonly to: number;
  /** Without the space around it. */
  readonly textFrom: number;
  readonly textTo: number;
}

export function parseRow(row: string): Cell[] {
  const bars: number[] = [];
  let inCode = false;
  for (let at = 0; at < row.length; at += 1) {
    if (row[at] === '\\') at += 1;
    else if (row[at] === '`') inCode = !inCode && row.includes('`', at + 1);
    else if (row[at] === '|' && !inCode) bars.push(at);
  }
  const start = /^\s*\|/.test(row) ? (bars.shift() ?? -1) + 1 : 0;
  const end = /\|\s*$/.test(row) && bars.length > 0 ? bars.pop() : row.length;
  const edges = [start, ...bars.flatMap((bar) => [bar, bar + 1]), end ?? row.length];
  const cells: Cell[] = [];
  for (let index = 0; index + 1 < edges.length; index += 2) {
    const from = edges[index] ?? 0;
    const to = edges[index + 1] ?? from;
    const text = row.slice(from, to);
    const lead = text.trim() === '' ? Math.min(1, text.length) : text.length - text.trimStart().length;
    cells.push({ from, to, textFrom: from + lead, textTo: from + lead + text.trim().length });
  }
  return cells;
}

type Align = 'left' | 'center' | 'right' | 'none';

const DASHES = /^\s*:?-+:?\s*$/;

function alignOf(cell: string): Align {
  const text = cell.trim();
  if (text.startsWith(':') && text.endsWith(':')) return 'center';
  if (text.endsWith(':')) return 'right';
  return text.startsWith(':') ? 'left' : 'none';
}

/** East Asian characters and most emoji take two columns in a fixed-width font; combining marks take none. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const character of text) {
    if (/\p{Mn}|\u200d|[\ufe00-\ufe0f]/u.test(character)) continue;
    width += /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u.test(character)
      ? 2
      : 1;
  }
  return width;
}

function pad(text: string, width: number, align: Align): string {
  const room = Math.max(0, width - displayWidth(text));
  if (align === 'right') return ' '.repeat(room) + text;
  if (align === 'center') return ' '.repeat(Math.floor(room / 2)) + text + ' '.repeat(Math.ceil(room / 2));
  return text + ' '.repeat(room);
}

function dashes(width: number, align: Align): string {
  const left = align === 'left' || align === 'center' ? ':' : '';
  const right = align === 'right' || align === 'center' ? ':' : '';
  return left + '-'.repeat(Math.max(1, width - left.length - right.length)) + right;
}

/** Wider than this nobody reads the source as a table, and lining it up only adds space. */
const MAX_COLUMN = 60;

/** The same table with its columns lined up, or null when the text is not one. */
export function alignTable(source: string): string | null {
  const lines = source.split('\n');
  const rows = lines.map((line) => parseRow(line).map((cell) => line.slice(cell.textFrom, cell.textTo)));
  const delimiter = rows[1];
  if (!delimiter || delimiter.length === 0 || !delimiter.every((cell) => DASHES.test(cell))) return null;
  if (lines.some((line) => line.includes('\r'))) return null;
  const columns = Math.max(...rows.map((row) => row.length));
  const aligns = Array.from({ length: columns }, (_, column) => alignOf(delimiter[column] ?? ''));
  const widths = aligns.map((_, column) =>
    Math.min(MAX_COLUMN, Math.max(3, ...rows.map((row, index) => (index === 1 ? 0 : displayWidth(row[column] ?? ''))))),
  );
  const indent = /^\s*/.exec(lines[0] ?? '')?.[0] ?? '';
  return rows
    .map((row, index) => {
      const cells = widths.map((width, column) => {
        const align = aligns[column] ?? 'none';
        return index === 1 ? dashes(width, align) : pad(row[column] ?? '', width, align);
      });
      return `${indent}| ${cells.join(' | ')} |`;
    })
    .join('\n');
}
