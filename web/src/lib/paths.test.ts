import { describe, expect, it } from 'vitest';
import { displayName, documentPath, freePath, isWithin, pathProblem, tidyPath } from './paths';

describe('paths', () => {
  it('are tidied as typed', () => {
    expect(tidyPath('/a//b / c\\d/./')).toBe('a/b/c/d');
    expect(documentPath('guides/setup')).toBe('guides/setup.md');
    expect(documentPath('notes.mdx')).toBe('notes.mdx');
    expect(documentPath(' / ')).toBe('');
  });

  it('show no usual extension', () => {
    expect(displayName('a/setup.md')).toBe('setup');
    expect(displayName('a/list.mdx')).toBe('list.mdx');
    expect(displayName('.md')).toBe('.md');
  });

  it('are refused with a reason', () => {
    expect(pathProblem('')).toBe('empty');
    expect(pathProblem('a/../b.md')).toBe('dots');
    expect(pathProblem('a..b.md')).toBeUndefined();
  });

  it('lie in a folder only below its slash', () => {
    expect(isWithin('guides/a.md', 'guides')).toBe(true);
    expect(isWithin('guides2/a.md', 'guides')).toBe(false);
  });

  it('find a free name beside a taken one', () => {
    expect(freePath('a/b.md', new Set(['a/b.md', 'a/b 2.md']))).toBe('a/b 3.md');
    expect(freePath('a/b.md', new Set())).toBe('a/b.md');
  });
});
