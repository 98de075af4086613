import { describe, expect, it } from 'vitest';
import type { DocumentInfo } from '@/lib/types';
import { ancestors, buildTree, findByPrefix, folderPaths, visibleRows } from './model';

const documents = (...paths: string[]): DocumentInfo[] => paths.map((path) => ({ id: path, path, title: path, rev: 1, updated_at: '2026-11-01T00:00:00Z' }));
const names = (paths: string[], open: string[] = []): string[] =>
  visibleRows(buildTree(documents(...paths)), new Set(open)).map(({ node, level }) => `${'  '.repeat(level - 1)}${node.name}${node.kind === 'folder' ? '/' : ''}`);

describe('the tree', () => {
  it('implies folders from paths, folders first, numbers as people count', () => {
    expect(names(['b.md', 'a 10.md', 'a 2.md', 'z/deep/er/x.md'])).toEqual(['z/', 'a 2.md', 'a 10.md', 'b.md']);
  });

  it('shows what is in open folders only, with level, position and count for screen readers', () => {
    expect(names(['g/one.md', 'g/two/x.md', 'top.md'], ['g'])).toEqual(['g/', '  two/', '  one.md', 'top.md']);
    const rows = visibleRows(buildTree(documents('g/one.md', 'g/two/x.md', 'top.md')), new Set(['g']));
    expect(rows[2]).toMatchObject({ level: 2, position: 2, siblings: 2 });
  });

  it('keeps a folder and a document of one name apart', () => {
    expect(names(['a.md', 'a.md/b.md'], ['a.md'])).toEqual(['a.md/', '  b.md', 'a.md']);
  });

  it('lists folders, also those that only contain folders', () => {
    expect(folderPaths(documents('a/b/c/d.md', 'a/e.md', 'f.md'))).toEqual(['a', 'a/b', 'a/b/c']);
  });

  it('names the ancestors of a path from the top down', () => {
    expect(ancestors('a/b/c.md')).toEqual(['a', 'a/b']);
    expect(ancestors('c.md')).toEqual([]);
  });

  it('finds the next row by its first letters and starts again at the top', () => {
    const rows = visibleRows(buildTree(documents('alpha.md', 'beta.md', 'bravo.md')), new Set());
    expect(findByPrefix(rows, 'b', 1)).toBe(2);
    expect(findByPrefix(rows, 'be', 2)).toBe(1);
    expect(findByPrefix(rows, 'x', 0)).toBe(-1);
  });

  it('shows of 5,000 documents the folders and what is in the open one', () => {
    const many = documents(...Array.from({ length: 5_000 }, (_, index) => `folder ${index % 50}/sub ${index % 7}/note ${index}.md`));
    expect(visibleRows(buildTree(many), new Set(['folder 1']))).toHaveLength(57);
  });
});
