/** Formulas by KaTeX. Loaded with its fonts when a document first shows one. */
import katex from 'katex';
import 'katex/dist/katex.min.css';

export type Typesetter = (formula: HTMLElement) => void;

/** A formula that is longer than this is not one, and TeX can take very long over it. */
const MAX_LENGTH = 10_000;

/** Turns the TeX that is the element's text into a formula; TeX that is wrong stays as it is written. */
export const typeset: Typesetter = (formula) => {
  const source = formula.textContent;
  if (source.length > MAX_LENGTH) return;
  try {
    katex.render(source, formula, {
      displayMode: formula.classList.contains('md-math-display'),
      // Nothing a document says may load, link or style anything.
      trust: false,
      strict: 'ignore',
      maxSize: 20,
      maxExpand: 500,
      errorColor: 'var(--danger)',
    });
  } catch {
    formula.textContent = source;
    formula.classList.add('md-math-wrong');
  }
};
