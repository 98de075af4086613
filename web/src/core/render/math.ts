/** `$inline$` and `$$display$$`: found here, typeset later and only where KaTeX is at hand. */
import type { MarkdownIt } from 'markdown-it';

const FENCE = '$$';

export function math(md: MarkdownIt): void {
  const { escapeHtml } = md.utils;

  md.inline.ruler.after('escape', 'math', (state, silent) => {
    if (state.src.charCodeAt(state.pos) !== 0x24) return false;
    const double = state.src.startsWith(FENCE, state.pos);
    const open = double ? 2 : 1;
    const start = state.pos + open;
    const end = closing(state.src, start, state.posMax, double);
    if (end === -1) return false;
    if (!silent) {
      const token = state.push(double ? 'math_display' : 'math_inline', '', 0);
      token.content = state.src.slice(start, end).trim();
    }
    state.pos = end + open;
    return true;
  });

  md.block.ruler.after(
    'fence',
    'math_block',
    (state, startLine, endLine, silent) => {
      const lineAt = (line: number) => state.src.slice((state.bMarks[line] ?? 0) + (state.tShift[line] ?? 0), state.eMarks[line]);
      if (lineAt(startLine).trim() !== FENCE || (state.sCount[startLine] ?? 0) - state.blkIndent >= 4) return false;
      let end = startLine + 1;
      while (end < endLine && lineAt(end).trim() !== FENCE) end += 1;
      if (end >= endLine) return false;
      if (silent) return true;
      const token = state.push('math_display', '', 0);
      token.block = true;
      token.content = state.getLines(startLine + 1, end, state.blkIndent, false);
      token.map = [startLine, end + 1];
      state.line = end + 1;
      return true;
    },
    { alt: ['paragraph', 'reference', 'blockquote', 'list'] },
  );

  md.renderer.rules['math_inline'] = (tokens, index) => `<span class="md-math">${escapeHtml(tokens[index]?.content ?? '')}</span>`;
  md.renderer.rules['math_display'] = (tokens, index) =>
    `<span class="md-math md-math-display">${escapeHtml(tokens[index]?.content ?? '')}</span>`;
}

/** As Pandoc reads it: no space inside the dollars and no digit after them, so that "$5 and $6" stays money. */
function closing(source: string, start: number, max: number, double: boolean): number {
  if (!double && /\s/.test(source[start] ?? ' ')) return -1;
  for (let at = start; at < max; at += 1) {
    if (source[at] === '\\') at += 1;
    else if (source[at] === '$') {
      if (double) {
        if (source[at + 1] === '$' && at > start) return at;
      } else if (at === start || source[at + 1] === '$') return -1;
      else if (!/\s/.test(source[at - 1] ?? ' ') && !/\d/.test(source[at + 1] ?? '')) return at;
    }
  }
  return -1;
}
