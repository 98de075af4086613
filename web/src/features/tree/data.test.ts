import { afterEach, describe, expect, it, vi } from 'vitest';
import { dismissToast, listToasts } from '@/lib/toasts';
import type { DocumentInfo } from '@/lib/types';
import { queryClient } from '@/ui/query';
import { cachedDocuments, deleteFolder, documentsKey, loadDocuments, makeDocument, moveFolder } from './data';

const doc = (path: string): DocumentInfo => ({ id: path, path, title: path, rev: 1, updated_at: '2026-11-01T00:00:00Z' });
const paths = (): string[] => cachedDocuments('w').map(({ path }) => path);
const never = new AbortController().signal;

function serve(handler: (path: string, init: RequestInit) => Response): void {
  vi.stubGlobal('fetch', (path: string, init: RequestInit) => Promise.resolve(handler(path, init)));
}

afterEach(() => {
  queryClient.clear();
  listToasts().forEach(({ id }) => dismissToast(id));
  vi.unstubAllGlobals();
});

describe('loading the documents', () => {
  it('follows the pages, and asks no more than whether anything changed the next time', async () => {
    const asked: string[] = [];
    serve((path, { headers }) => {
      asked.push(path);
      if ((headers as Headers).get('If-None-Match') === '"7"') return new Response(null, { status: 304 });
      const last = path.includes('cursor=');
      return Response.json({ items: [doc(last ? 'b.md' : 'a.md')], next_cursor: last ? null : 'x y' }, { headers: { ETag: '"7"' } });
    });
    const first = await loadDocuments('w', never);
    expect(first.map(({ path }) => path)).toEqual(['a.md', 'b.md']);
    queryClient.setQueryData(documentsKey('w'), first);
    expect(await loadDocuments('w', never)).toBe(first);
    expect(asked).toEqual(['/api/workspaces/w/documents?limit=1000', '/api/workspaces/w/documents?limit=1000&cursor=x%20y', '/api/workspaces/w/documents?limit=1000']);
  });
});

describe('a new document', () => {
  it('stays in the list when an answer comes that was asked for before it was made', async () => {
    const queryKey = documentsKey('w');
    queryClient.setQueryData(queryKey, [doc('a.md')]);
    let answer = (): void => undefined;
    vi.stubGlobal('fetch', (_path: string, { method, signal }: RequestInit) => {
      if (method === 'POST') return Promise.resolve(Response.json(doc('b.md')));
      return new Promise<Response>((resolve, reject) => {
        signal?.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError')));
        answer = () => resolve(Response.json({ items: [doc('a.md')], next_cursor: null }));
      });
    });
    const asked = queryClient.query({ queryKey, queryFn: ({ signal }) => loadDocuments('w', signal), staleTime: 0 }).catch(() => undefined);
    await makeDocument('w', 'b.md');
    answer();
    await asked;
    expect(paths()).toEqual(['a.md', 'b.md']);
  });
});

describe('a folder', () => {
  it('moves with everything below it, and nothing beside it', async () => {
    queryClient.setQueryData(documentsKey('w'), [doc('a/x.md'), doc('a/b/y.md'), doc('ab/z.md')]);
    serve(() => Response.json({ moved: 2 }));
    await moveFolder('w', 'a', 'c/d');
    expect(paths()).toEqual(['c/d/x.md', 'c/d/b/y.md', 'ab/z.md']);
  });

  it('comes back whole by Undo, except for what the server could not place', async () => {
    queryClient.setQueryData(documentsKey('w'), [doc('a/x.md'), doc('a/y.md'), doc('b.md')]);
    const bodies: unknown[] = [];
    serve((path, { body }) => {
      bodies.push(JSON.parse(body as string));
      return path.endsWith('/delete') ? Response.json({ document_ids: ['a/x.md', 'a/y.md'] }) : Response.json({ items: [], conflicts: [{ document_id: 'a/y.md' }] });
    });
    const [undone, refused] = [vi.fn(), vi.fn()];
    await deleteFolder('w', 'a', { undone, refused });
    expect(paths()).toEqual(['b.md']);
    expect(listToasts()[0]?.text).toBe('“a” with 2 documents is in the trash.');
    listToasts()[0]?.action?.run();
    await vi.waitFor(() => expect(undone).toHaveBeenCalledOnce(), 20_000);
    expect(refused).not.toHaveBeenCalled();
    expect(bodies).toEqual([{ path: 'a' }, { document_ids: ['a/x.md', 'a/y.md'] }]);
    expect(listToasts().at(-1)?.text).toBe('1 document stays in the trash: its name was taken meanwhile.');
  });
});
