import { afterEach, describe, expect, it, vi } from 'vitest';
import { splitDocument, type Block, type RenderContext } from './split';
import { splitChange, type SplitChange } from './split-change';
import type { Answer, Question } from './split-worker';

/** What a reading view knows: it goes from change to change and never sees a whole split. */
class View {
  blocks: readonly Block[] = [];
  slugs: readonly (string | null)[] = [];
  context: RenderContext = { references: {}, notes: new Map(), noteList: [] };

  apply({ head, tail, added, lines, slugs, context }: SplitChange): void {
    const kept = this.blocks;
    const blocks = [...kept.slice(0, head), ...added, ...kept.slice(kept.length - tail)];
    if (slugs) this.slugs = slugs;
    if (context) this.context = context;
    this.blocks = blocks.map((block, at) => ({ ...block, startLine: lines[at * 2] ?? -1, endLine: lines[at * 2 + 1] ?? -1, slug: this.slugs[at] ?? null }));
  }
}

function shows(view: View, text: string): void {
  const { blocks, references, notes, noteList } = splitDocument(text);
  expect(view.blocks).toEqual(blocks);
  // Where a note is defined is nobody's business but the splitter's.
  const plain = (list: RenderContext['noteList']) => list.map(({ number, source }) => ({ number, source }));
  expect({ ...view.context, noteList: plain(view.context.noteList) }).toEqual({ references, notes, noteList: plain(noteList) });
}

const PIECES = [
  '# Title', '## Title', 'Some *text* with a [link] and a note[^a].', '- one\n- two', '```js\ncode\n\nmore\n```', '', '', '> quoted', '[link]: https://example.org',
  '[^a]: the note', '[^b]: another', 'again[^b] and [^a]', '| a | b |\n| - | - |\n| 1 | 2 |', '---', '    indented', 'plain', '===', '<div>\n\nhtml\n\n</div>', '```',
];

function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** A text and what becomes of it, edit by edit: pieces and letters put in, ranges taken out. */
function* edits(seed: number, count: number): Generator<string> {
  const random = numbers(seed);
  let text = Array.from({ length: 30 }, () => PIECES[random(PIECES.length)]).join('\n');
  yield text;
  for (let edit = 0; edit < count; edit += 1) {
    const at = random(text.length + 1);
    const [piece = ''] = [PIECES[random(PIECES.length)]];
    const inserted = ['x', ' ', '\n', `\n${piece}\n`, ''][random(5)] ?? '';
    text = text.slice(0, at) + inserted + text.slice(at + (inserted === '' ? random(40) : 0));
    yield text;
  }
}

describe('the change from one split to the next', () => {
  it('leads to what splitting the whole text gives, whatever was edited', () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const view = new View();
      let before = splitDocument('');
      for (const text of edits(seed, 60)) {
        const after = splitDocument(text);
        view.apply(splitChange(before, after));
        before = after;
        shows(view, text);
      }
    }
  });

  it('is small when little was typed', () => {
    const text = Array.from({ length: 500 }, (_, at) => `paragraph ${at}`).join('\n\n');
    const change = splitChange(splitDocument(text), splitDocument(text.replace('paragraph 250', 'paragraph 250 and a word')));
    expect(change).toMatchObject({ head: 250, tail: 249, slugs: null, context: null });
    expect(change.added.map(({ source }) => source)).toEqual(['paragraph 250 and a word']);
  });
});

describe('the worker', () => {
  afterEach(() => vi.unstubAllGlobals());

  it('goes from the text a view began with to the next ones, each view for itself', async () => {
    const answers: Answer[] = [];
    vi.stubGlobal('postMessage', (answer: Answer) => answers.push(structuredClone(answer)));
    vi.stubGlobal('onmessage', null);
    await import('./split-worker');
    const scope = globalThis as unknown as { onmessage: (event: { data: { id: number; question: Question } }) => void };
    let id = 0;
    const ask = (question: Question): unknown => {
      scope.onmessage({ data: { id: ++id, question } });
      expect(answers.at(-1)?.id).toBe(id);
      return answers.at(-1)?.answer;
    };

    const texts = [...edits(7, 30)];
    const views = [new View(), new View()];
    for (const [at, text] of texts.entries()) {
      for (const [number, view] of views.entries()) {
        if (at === 0) {
          view.apply(splitChange({ blocks: [], contextKey: null }, splitDocument(text)));
          expect(ask({ kind: 'begin', view: number, text })).toBeUndefined();
        } else if (number === 0 || at % 5 === 0) {
          view.apply(ask({ kind: 'split', view: number, text }) as SplitChange);
          shows(view, text);
        }
      }
    }
    expect(ask({ kind: 'words', text: 'one two 三' })).toBe(3);
    expect(ask({ kind: 'headings', text: '# A\n\n## B' })).toHaveLength(2);
    ask({ kind: 'end', view: 0 });
    expect(ask({ kind: 'split', view: 0, text: 'gone' })).toBeUndefined();
  });
});
