/** markdown-it as this page uses it: once to find the blocks of a document, once to render one of them. */
import createMarkdownIt, { type MarkdownIt } from 'markdown-it';
import { alerts } from './alerts';
import { footnotes } from './footnotes';
import { isSafeImage, isSafeLink } from './links';
import { math } from './math';
import { tasks } from './tasks';

/** Deeper nesting than this is an attack, not a text. */
const MAX_NESTING = 40;

function create(): MarkdownIt {
  const md = createMarkdownIt({ html: true, linkify: true, maxNesting: MAX_NESTING });
  md.use(footnotes).use(tasks).use(math).use(alerts);
  // The sanitiser judges again; refusing here as well keeps the link's text readable.
  md.validateLink = (url) => isSafeLink(url) || isSafeImage(url);
  md.renderer.rules.heading_open = (tokens, index, options, _env, self) => {
    const heading = tokens[index];
    // Those that are anchors, in a block of several.
    if (heading?.level === 0) heading.attrJoin('class', 'md-heading');
    return self.renderToken(tokens, index, options);
  };
  md.renderer.rules.table_open = () => '<div class="md-table"><table>';
  md.renderer.rules.table_close = () => '</table></div>';
  md.renderer.rules.th_open = md.renderer.rules.td_open = (tokens, index, options, _env, self) => {
    const cell = tokens[index];
    const align = /text-align:(\w+)/.exec(String(cell?.attrGet('style') ?? ''))?.[1];
    // Styles do not pass the sanitiser; this attribute does.
    if (cell) cell.attrs = align === undefined ? null : [['align', align]];
    return self.renderToken(tokens, index, options);
  };
  return md;
}

export const renderer = create();

/** Only finds blocks: what stands inside a line is left alone, which makes it several times as fast. */
export const splitter = create();
splitter.core.ruler.enableOnly(['normalize', 'block']);
