/** HTML that begins in one block and ends in a later one: what stands between belongs to it. */

/** Those that people write around Markdown; a blank line ends an HTML block, so their text is blocks of its own. */
const TAGS = /<(\/?)(?:details|div|center|section|figure)\b[^>]*>/gi;
/** Longer than this it is a page around a document; blocks are rendered one by one for the sake of length. */
const MAX_LINES = 400;

interface Piece {
  readonly html: boolean;
  readonly source: string;
  readonly startLine: number;
  readonly endLine: number;
}

const balance = (source: string): number => [...source.matchAll(TAGS)].reduce((sum, [, closing]) => sum + (closing === '/' ? -1 : 1), 0);

/** The index after the last piece that belongs to the element opened in the one at `start`; the next one when it is no such. */
export function endOfWrapped(pieces: readonly Piece[], start: number): number {
  const first = pieces[start];
  if (!first?.html) return start + 1;
  let open = balance(first.source);
  for (let at = start + 1; open > 0 && at < pieces.length; at += 1) {
    const piece = pieces[at];
    if (!piece || piece.endLine - first.startLine > MAX_LINES) break;
    if (piece.html) open += balance(piece.source);
    if (open <= 0) return at + 1;
  }
  return start + 1;
}
