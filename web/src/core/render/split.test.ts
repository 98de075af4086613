// @vitest-environment jsdom
// happy-dom parses fragments differently from browsers, and DOMPurify loses text over it.
import { describe, expect, it } from 'vitest';
import { renderBlock } from './render-block';
import { slugOf, splitDocument } from './split';
import { testWords } from './test-words';

function html(markdown: string): string {
  const split = splitDocument(markdown);
  const root = document.createElement('div');
  for (const block of split.blocks) root.append(renderBlock(block, split, testWords));
  return root.innerHTML;
}

describe('splitting', () => {
  it('knows the lines of every block', () => {
    const { blocks } = splitDocument('# a\n\ntext\nmore\n\n- x\n- y\n\n```\ncode\n```\n');
    expect(blocks.map(({ startLine, endLine }) => [startLine, endLine])).toEqual([
      [0, 1],
      [2, 4],
      [5, 7],
      [8, 11],
    ]);
  });

  it('counts lines the same with CRLF', () => {
    const { blocks } = splitDocument('# a\r\n\r\ntext\r\n');
    expect(blocks.map(({ startLine }) => startLine)).toEqual([0, 2]);
  });

  it('keeps the keys of blocks that did not change', () => {
    const before = splitDocument('one\n\ntwo\n\nthree').blocks.map(({ key }) => key);
    const after = splitDocument('one\n\n2\n\nthree').blocks.map(({ key }) => key);
    expect(after[0]).toBe(before[0]);
    expect(after[1]).not.toBe(before[1]);
    expect(after[2]).toBe(before[2]);
  });

  it('renders anew what depends on a definition elsewhere', () => {
    const before = splitDocument('[a][b] end\n\nplain\n\n[b]: http://one.example');
    const after = splitDocument('[a][b] end\n\nplain\n\n[b]: http://two.example');
    expect(after.blocks[0]?.key).not.toBe(before.blocks[0]?.key);
    expect(after.blocks[1]?.key).toBe(before.blocks[1]?.key);
    expect(html('[a][b]\n\n[b]: http://one.example')).toContain('href="http://one.example"');
  });

  it('lists headings with the anchors that GitHub gives', () => {
    const { headings } = splitDocument('# The `code` & *more*\n\n## Same\n\n## Same\n\nSetext\n---\n\n# [Link](x) über');
    expect(headings.map(({ level, text, slug }) => [level, text, slug])).toEqual([
      [1, 'The code & more', 'the-code--more'],
      [2, 'Same', 'same'],
      [2, 'Same', 'same-1'],
      [2, 'Setext', 'setext'],
      [1, 'Link über', 'link-über'],
    ]);
    expect(slugOf('What’s new?')).toBe('whats-new');
  });
});

describe('front matter', () => {
  it('is a quiet block of its own', () => {
    const split = splitDocument('---\ntitle: x\n---\n# h');
    expect(split.blocks.map(({ kind, startLine }) => [kind, startLine])).toEqual([
      ['front-matter', 0],
      ['markdown', 3],
    ]);
    expect(html('---\ntitle: x\n---\n# h')).toContain('<pre>title: x</pre>');
  });

  it('is not a rule in the middle, nor what is never closed', () => {
    expect(splitDocument('---\ntitle: x').blocks[0]?.kind).toBe('markdown');
    expect(splitDocument('text\n\n---\na: b\n---').blocks.every(({ kind }) => kind === 'markdown')).toBe(true);
  });
});

describe('footnotes', () => {
  const source = 'b[^b] and a[^a], again b[^b]\n\n[^a]: first\n[^b]: second\n    with more\n\n    and more\n\nafter';

  it('are numbered as the text refers to them and stand at the end', () => {
    const out = html(source);
    expect(out.indexOf('href="#note-1"')).toBeLessThan(out.indexOf('href="#note-2"'));
    expect(out).toMatch(/<li id="user-content-note-1">[\s\S]*second\nwith more[\s\S]*and more[\s\S]*<li id="user-content-note-2">[\s\S]*first/);
    expect(out.indexOf('<p dir="auto">after</p>')).toBeLessThan(out.indexOf('md-notes'));
  });

  it('stay text without a definition or inside code', () => {
    expect(html('a[^x]')).toContain('[^x]');
    expect(html('```\n[^a]\n```\n\n[^a]: note')).not.toContain('md-notes');
  });
});

describe('tasks, tables and math', () => {
  it('gives every task its line in the block', () => {
    const root = document.createElement('div');
    root.innerHTML = html('- [ ] one\n- [x] two\n  - [ ] three\n- plain');
    const boxes = [...root.querySelectorAll<HTMLInputElement>('input.md-task')];
    expect(boxes.map((box) => [box.dataset['line'], box.hasAttribute('checked') || box.checked])).toHaveLength(3);
    expect(boxes.map((box) => box.dataset['line'])).toEqual(['0', '1', '2']);
  });

  it('lets wide tables scroll by themselves', () => {
    expect(html('| a |\n|---|\n| b |')).toMatch(/<div class="md-table"[^>]*><table>/);
  });

  it('finds math and leaves money alone', () => {
    expect(html('$a+b$ and $$c$$')).toContain('<span class="md-math">a+b</span>');
    expect(html('it costs $5 and $6 today')).not.toContain('md-math');
    expect(html('$$\nx\n$$')).toContain('md-math-display');
  });
});

describe('HTML around Markdown', () => {
  const folded = '<details>\n<summary>More</summary>\n\n## Inside\n\n- [ ] a task\n\n</details>\n\nAfter.\n';

  it('holds what stands between its tags', () => {
    const { blocks } = splitDocument(folded);
    expect(blocks.map(({ startLine, endLine, slug }) => [startLine, endLine, slug])).toEqual([
      [0, 8, 'inside'],
      [9, 10, null],
    ]);
    const root = document.createElement('div');
    root.innerHTML = html(folded);
    expect(root.querySelector('details h2')?.textContent).toBe('Inside');
    expect(root.querySelector<HTMLElement>('details .md-task')?.dataset['line']).toBe('5');
    expect(root.querySelector('details')?.textContent).not.toContain('After');
    expect(html('<div align="center">\n\n# Title\n\n[a](b.md)\n\n</div>')).toMatch(/^<div align="center"[^>]*>\s*<h1/);
  });

  it('is nested, and does not run on where it is never closed or very long', () => {
    const nested = '<details><summary>a</summary>\n\n<details><summary>b</summary>\n\nx\n\n</details>\n\ny\n\n</details>\n\nz';
    expect(splitDocument(nested).blocks).toHaveLength(2);
    expect(splitDocument('<details>\n\none\n\ntwo').blocks).toHaveLength(3);
    expect(splitDocument(`<div>\n\n${'line\n\n'.repeat(300)}</div>`).blocks).toHaveLength(302);
  });

  it('gives each heading in it its own anchor', () => {
    expect(splitDocument('<div>\n\n# a\n\n# a\n\n</div>').blocks[0]?.slug).toBe('a\na-1');
  });
});

describe('alerts', () => {
  it('have a title and a kind', () => {
    const root = document.createElement('div');
    root.innerHTML = html('> [!WARNING]\n> Mind the *gap*.');
    const quote = root.querySelector('blockquote');
    expect(quote?.className).toBe('md-alert md-alert-warning');
    expect([...(quote?.children ?? [])].map(({ textContent }) => textContent)).toEqual(['Warning', 'Mind the gap.']);
  });

  it('may bring a title of their own, and need no text', () => {
    expect(html('> [!tip]- Try **this**\n\nx')).toContain('<p class="md-alert-title">Try <strong>this</strong></p></blockquote>');
    expect(html('> [!Odd]\n> x')).toContain('md-alert-note');
  });

  it('are no more than quotations where the mark is not at the start', () => {
    expect(html('> A word [!NOTE]')).not.toContain('md-alert');
    expect(html('[!NOTE] no quotation')).not.toContain('md-alert');
  });
});
