/** `> [!NOTE]` as GitHub and others have it: a quotation with a title, and a colour for five kinds. */
import type { MarkdownIt } from 'markdown-it';

const MARK = /^\[!([a-z]{1,20})\][+-]?[ \t]*(.*)(?:\n|$)/i;
const KINDS: Readonly<Record<string, string>> = {
  note: 'note',
  info: 'note',
  tip: 'tip',
  hint: 'tip',
  success: 'tip',
  important: 'important',
  warning: 'warning',
  attention: 'warning',
  caution: 'caution',
  danger: 'caution',
  error: 'caution',
};

const titled = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1).toLowerCase();

export function alerts(md: MarkdownIt): void {
  md.core.ruler.before('inline', 'alerts', (state) => {
    for (let index = 0; index < state.tokens.length; index += 1) {
      const [quote, paragraph, text] = state.tokens.slice(index, index + 3);
      if (quote?.type !== 'blockquote_open' || paragraph?.type !== 'paragraph_open' || text?.type !== 'inline') continue;
      const [all, word = '', title = ''] = MARK.exec(text.content) ?? [];
      if (all === undefined) continue;
      quote.attrJoin('class', `md-alert md-alert-${KINDS[word.toLowerCase()] ?? 'note'}`);
      const open = new state.Token('paragraph_open', 'p', 1);
      open.attrSet('class', 'md-alert-title');
      const name = new state.Token('inline', '', 0);
      name.content = title === '' ? titled(word) : title;
      name.children = [];
      name.level = text.level;
      text.content = text.content.slice(all.length);
      const close = new state.Token('paragraph_close', 'p', -1);
      // A mark that stands alone leaves no paragraph behind.
      state.tokens.splice(index + 1, text.content === '' ? 3 : 0, open, name, close);
    }
  });
}
