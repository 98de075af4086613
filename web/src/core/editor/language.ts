/**
 * Markdown for the editor. Built from the parser alone: `markdown()` of lang-markdown would bring the HTML, CSS and
 * JavaScript parsers along, half again as much as the whole editor.
 */
import { HighlightStyle, Language, LanguageSupport, syntaxHighlighting } from '@codemirror/language';
import { markdownLanguage } from '@codemirror/lang-markdown';
import { styleTags, tags } from '@lezer/highlight';
import { MarkdownParser } from '@lezer/markdown';
import { withFrontMatter } from './front-matter';

const base = markdownLanguage.parser;
if (!(base instanceof MarkdownParser)) throw new TypeError('lang-markdown brought another parser than expected');

const parser = withFrontMatter(base).configure({
  props: [styleTags({ 'TableDelimiter TaskMarker': tags.processingInstruction, 'HTMLBlock HTMLTag': tags.tagName })],
});

const language = new Language(markdownLanguage.data, parser, [], 'markdown');

const highlighting = HighlightStyle.define([
  { tag: tags.heading, class: 'cm-md-heading' },
  { tag: tags.strong, class: 'cm-md-strong' },
  { tag: tags.emphasis, class: 'cm-md-em' },
  { tag: tags.strikethrough, class: 'cm-md-strike' },
  { tag: tags.link, class: 'cm-md-link' },
  { tag: tags.url, class: 'cm-md-url' },
  { tag: tags.monospace, class: 'cm-md-code' },
  { tag: tags.quote, class: 'cm-md-quote' },
  { tag: [tags.meta, tags.comment, tags.tagName, tags.labelName, tags.string], class: 'cm-md-quiet' },
  { tag: [tags.processingInstruction, tags.contentSeparator, tags.escape], class: 'cm-md-mark' },
]);

export const markdownSupport = () => new LanguageSupport(language, [syntaxHighlighting(highlighting)]);
