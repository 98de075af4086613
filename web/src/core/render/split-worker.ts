/** Runs in a worker: see long-text.ts. Messages are answered in their order. */
import { countWords } from './count-words';
import { headingsOf, splitDocument, type Split } from './split';
import { splitChange } from './split-change';

export type Question =
  | { readonly kind: 'headings' | 'words'; readonly text: string }
  | { readonly kind: 'begin' | 'split'; readonly view: number; readonly text: string }
  | { readonly kind: 'end'; readonly view: number };

export interface Answer {
  readonly id: number;
  readonly answer: unknown;
}

const views = new Map<number, Split>();

function answerTo(question: Question): unknown {
  switch (question.kind) {
    case 'headings':
      return headingsOf(question.text);
    case 'words':
      return countWords(question.text);
    case 'begin':
      views.set(question.view, splitDocument(question.text));
      return undefined;
    case 'split': {
      const before = views.get(question.view);
      const after = splitDocument(question.text);
      views.set(question.view, after);
      return before && splitChange(before, after);
    }
    case 'end':
      views.delete(question.view);
      return undefined;
  }
}

/** The page's types know only windows; this is what a worker has of one. */
const scope = globalThis as unknown as {
  onmessage: (event: MessageEvent<{ id: number; question: Question }>) => void;
  postMessage: (answer: Answer) => void;
};

scope.onmessage = ({ data: { id, question } }) => scope.postMessage({ id, answer: answerTo(question) });
