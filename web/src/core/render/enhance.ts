/** What needs a library of its own is loaded when a document first asks for it, and put in after sanitising. */
import type { HLJSApi } from 'highlight.js';
import type { Typesetter } from './typeset';
import type { Drawer } from './diagrams';

/** A module that is fetched once, and again after a failure: the network may be back. */
function lazily<T>(load: () => Promise<T>): () => Promise<T | null> {
  let loading: Promise<T> | null = null;
  return () => {
    loading ??= load();
    return loading.catch(() => {
      loading = null;
      return null;
    });
  };
}

const highlighter = lazily<HLJSApi>(() => import('highlight.js/lib/common').then((module) => module.default));
const typesetter = lazily<Typesetter>(() => import('./typeset').then((module) => module.typeset));
const drawer = lazily<Drawer>(() => import('./diagrams').then((module) => module.drawDiagram));

/** Longer code costs more time than its colours are worth. */
const MAX_CODE = 60_000;
const DIAGRAM = 'language-mermaid';

export interface EnhanceWords {
  readonly diagram: string;
}

/** Colours code, typesets formulas and draws diagrams. Without the libraries everything stays readable as it is. */
export async function enhance(root: Element, words: EnhanceWords): Promise<void> {
  const codes = [...root.querySelectorAll<HTMLElement>('pre > code[class*="language-"]')];
  const diagrams = codes.filter((code) => code.classList.contains(DIAGRAM));
  await Promise.all([
    highlightAll(codes.filter((code) => !diagrams.includes(code))),
    typesetAll([...root.querySelectorAll<HTMLElement>('.md-math')]),
    drawAll(diagrams, words),
  ]);
}

async function highlightAll(codes: readonly HTMLElement[]): Promise<void> {
  const hljs = codes.length > 0 ? await highlighter() : null;
  if (!hljs) return;
  for (const code of codes) {
    const language = /language-([\w+#.-]+)/.exec(code.className)?.[1] ?? '';
    const source = code.textContent;
    if (source.length > MAX_CODE || !hljs.getLanguage(language)) continue;
    // highlight.js escapes the text and adds only spans with classes of its own.
    code.innerHTML = hljs.highlight(source, { language, ignoreIllegals: true }).value;
  }
}

async function typesetAll(formulas: readonly HTMLElement[]): Promise<void> {
  const typeset = formulas.length > 0 ? await typesetter() : null;
  for (const formula of formulas) typeset?.(formula);
}

async function drawAll(diagrams: readonly HTMLElement[], words: EnhanceWords): Promise<void> {
  const draw = diagrams.length > 0 ? await drawer() : null;
  if (!draw) return;
  for (const code of diagrams) await draw(code, words.diagram);
}
