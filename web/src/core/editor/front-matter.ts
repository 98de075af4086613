/** Front matter as a block of its own in the Markdown grammar: without it YAML reads as a rule and a heading. */
import type { Input, PartialParse, TreeFragment } from '@lezer/common';
import { tags } from '@lezer/highlight';
import type { MarkdownConfig, MarkdownParser } from '@lezer/markdown';
import { FRONT_MATTER_LIMIT, frontMatterLength } from '@/core/render/front-matter';

/** A block parser cannot look ahead for the closing line, so the parse's input is kept at hand. */
const inputs = new WeakMap<PartialParse, Input>();

const lengthIn = (input: Input) => frontMatterLength(input.read(0, Math.min(input.length, FRONT_MATTER_LIMIT)));

function hadFrontMatter(fragments: readonly TreeFragment[]): boolean {
  const [first] = fragments;
  return first?.from === 0 && first.tree.topNode.firstChild?.name === 'FrontMatter';
}

/** Adds front matter to a Markdown parser. */
export function withFrontMatter(base: MarkdownParser): MarkdownParser {
  const config: MarkdownConfig = {
    defineNodes: [{ name: 'FrontMatter', block: true, style: tags.meta }],
    parseBlock: [
      {
        name: 'FrontMatter',
        before: 'IndentedCode',
        parse(context, line) {
          const input = inputs.get(context);
          if (context.lineStart !== 0 || !input || !line.text.startsWith('---')) return false;
          const length = lengthIn(input);
          if (length === 0) return false;
          while (context.lineStart < length && context.nextLine());
          context.addElement(context.elt('FrontMatter', 0, length));
          return true;
        },
      },
    ],
    wrap(parse, input, fragments, ranges) {
      inputs.set(parse, input);
      // Closing the block changes what its first line means, which reused fragments would hide.
      const atStart = ranges[0]?.from === 0 && fragments.length > 0;
      if (atStart && lengthIn(input) > 0 !== hadFrontMatter(fragments)) return parser.startParse(input, [], ranges);
      return parse;
    },
  };
  const parser = base.configure(config);
  return parser;
}
