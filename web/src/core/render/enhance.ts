/** What needs a library of its own is loaded when a document first asks for it, and put in after sanitising. */
import type { HLJSApi } from 'highlight.js';

let highlighter: Promise<HLJSApi> | null = null;

const loadHighlighter = () => (highlighter ??= import('highlight.js/lib/common').then((module) => module.default));

/** Colours the code of the block, and typesets what asks for it. Resolves when the block has its final height. */
export async function enhance(root: Element): Promise<void> {
  const codes = [...root.querySelectorAll<HTMLElement>('pre > code[class*="language-"]')];
  if (codes.length === 0) return;
  const hljs = await loadHighlighter().catch(() => {
    highlighter = null;
    return null;
  });
  for (const code of codes) if (hljs) highlight(code, hljs);
}

/** Longer code costs more time than its colours are worth. */
const MAX_CODE = 60_000;

function highlight(code: HTMLElement, hljs: HLJSApi): void {
  const language = /language-([\w+#.-]+)/.exec(code.className)?.[1] ?? '';
  const source = code.textContent;
  if (source.length > MAX_CODE || !hljs.getLanguage(language)) return;
  // highlight.js escapes the text and adds only spans with classes of its own.
  code.innerHTML = hljs.highlight(source, { language, ignoreIllegals: true }).value;
}
