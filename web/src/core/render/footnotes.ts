/**
 * Footnotes for rendering block by block: a definition is a block of its own that keeps its source, a reference only
 * knows its number. Which number a label has is decided once for the whole document, outside the parser.
 */
import type { MarkdownIt } from 'markdown-it';

export const NOTE = 'footnote_definition';
const DEFINITION = /^\[\^([^\]\s]+)\]:[ \t]?/;
const REFERENCE = /^\[\^([^\]\s]+)\]/;
const INDENT = 4;

export interface NoteEnv {
  /** The number of each label that is both defined and referred to. */
  notes?: ReadonlyMap<string, number>;
}

export function footnotes(md: MarkdownIt): void {
  md.block.ruler.before(
    'reference',
    NOTE,
    (state, startLine, endLine, silent) => {
      if (state.blkIndent > 0 || state.level > 0 || (state.sCount[startLine] ?? 0) >= INDENT) return false;
      const lineAt = (line: number) => state.src.slice(state.bMarks[line], state.eMarks[line]);
      const first = lineAt(startLine).trimStart();
      const found = DEFINITION.exec(first);
      if (!found) return false;
      if (silent) return true;
      const body = [first.slice(found[0].length)];
      let line = startLine + 1;
      let blank = 0;
      for (; line < endLine; line += 1) {
        const text = lineAt(line);
        const indented = (state.sCount[line] ?? 0) >= INDENT;
        if (text.trim() === '') {
          blank += 1;
          continue;
        }
        // Text right below goes on with the paragraph; after a blank line it has to be indented.
        if (!indented && (blank > 0 || DEFINITION.test(text.trimStart()))) break;
        for (; blank > 0; blank -= 1) body.push('');
        body.push(text.replace(/^(?: {1,4}|\t)/, ''));
      }
      const token = state.push(NOTE, '', 0);
      token.map = [startLine, line - blank];
      token.meta = { label: found[1] };
      token.content = body.join('\n');
      token.hidden = true;
      state.line = line - blank;
      return true;
    },
    { alt: ['paragraph', 'reference'] },
  );

  md.inline.ruler.before('link', 'footnote_reference', (state, silent) => {
    if (state.src.charCodeAt(state.pos) !== 0x5b || state.src.charCodeAt(state.pos + 1) !== 0x5e) return false;
    const found = REFERENCE.exec(state.src.slice(state.pos, state.pos + 200));
    const number = (state.env as NoteEnv).notes?.get(found?.[1] ?? '');
    if (!found || number === undefined) return false;
    if (!silent) state.push('footnote_reference', '', 0).meta = { number };
    state.pos += found[0].length;
    return true;
  });

  md.renderer.rules[NOTE] = () => '';
  md.renderer.rules['footnote_reference'] = (tokens, index) => {
    const { number } = tokens[index]?.meta as { number: number };
    return `<sup class="md-note-ref"><a href="#note-${number}">${number}</a></sup>`;
  };
}
