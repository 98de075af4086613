import { describe, expect, it } from 'vitest';
import { rank } from './rank';

const docs = (...paths: string[]) => paths.map((path) => ({ path, title: path.slice(path.lastIndexOf('/') + 1).replace(/\.md$/, '') }));
const paths = (items: ReturnType<typeof docs>, query: string): string[] => rank(items, query, 10).map(({ item }) => item.path);

describe('the palette ranks', () => {
  it('a file of that name before a folder of that name', () => {
    expect(paths(docs('setup/notes.md', 'guides/setup.md'), 'setup')[0]).toBe('guides/setup.md');
  });

  it('the start of a word before its middle', () => {
    expect(paths(docs('unplanned.md', 'plan.md', 'the plan.md'), 'plan')).toEqual(['plan.md', 'the plan.md', 'unplanned.md']);
  });

  it('by initials across folders', () => {
    expect(paths(docs('marketing/launch/blog post.md', 'misc/notes.md'), 'mlb')).toEqual(['marketing/launch/blog post.md']);
  });

  it('with several words in any order, each of which must be there', () => {
    const all = docs('guides/api/auth.md', 'guides/setup.md', 'api/index.md');
    expect(paths(all, 'auth guides')).toEqual(['guides/api/auth.md']);
    expect(paths(all, 'auth nowhere')).toEqual([]);
  });

  it('by title where the path says nothing', () => {
    expect(rank([{ path: 'a/0001.md', title: 'Quarterly report' }], 'quart', 5)).toHaveLength(1);
  });

  it('in any script, and ignoring case', () => {
    expect(paths(docs('заметки/План.md', '計画.md'), 'план')).toEqual(['заметки/План.md']);
    expect(paths(docs('заметки/План.md', '計画.md'), '計')).toEqual(['計画.md']);
  });

  it('nothing for nothing', () => {
    expect(rank(docs('a.md'), '   ', 5)).toEqual([]);
  });
});
