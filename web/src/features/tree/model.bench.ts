import { bench, describe } from 'vitest';
import type { DocumentInfo } from '@/lib/types';
import { buildTree, visibleRows } from './model';

// A frame has 16 ms.
describe('the tree of 5,000 documents', () => {
  const documents = Array.from({ length: 5_000 }, (_, index): DocumentInfo => {
    const path = `folder ${index % 50}/sub ${index % 7}/note ${index}.md`;
    return { id: path, path, title: path, rev: 1, updated_at: '2026-11-01T00:00:00Z' };
  });
  bench('built and shown', () => void visibleRows(buildTree(documents), new Set(['folder 1'])));
});
