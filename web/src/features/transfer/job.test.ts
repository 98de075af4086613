import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { cancelImport, importState, onImportChange, replaceKept, startImport, type ImportState } from './job';

type Sent = { documents: { path: string; content: string }[]; overwrite: boolean };
let sent: Sent[] = [];

/** Answers an import call; `status` decides what became of a path. */
function serve(answer: (call: Sent, count: number) => Response | Promise<Response>): void {
  vi.stubGlobal('fetch', (path: string, init: RequestInit) => {
    if (path === '/api/config') return Promise.resolve(Response.json({ max_document_bytes: 1_000 }));
    const call = JSON.parse(init.body as string) as Sent;
    sent.push(call);
    return Promise.resolve(answer(call, sent.length));
  });
}

const items = (call: Sent, status: (path: string) => string): Response =>
  Response.json({ items: call.documents.map(({ path }) => ({ path, status: status(path), detail: status(path) === 'refused' ? 'Why.' : null })) });

const finished = (): Promise<ImportState> =>
  new Promise((resolve) => {
    const look = (): void => {
      const state = importState();
      if (!state || state.phase === 'reading' || state.phase === 'sending') return;
      stop();
      resolve(state);
    };
    const stop = onImportChange(look);
    look();
  });

const files = (count: number): File[] => Array.from({ length: count }, (_, index) => new File([`# ${index}`], `${String(index).padStart(4, '0')}.md`));

beforeEach(() => {
  sent = [];
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('an import', () => {
  it('says where to begin reading: the outermost README', async () => {
    const paths = ['a/README.md', 'b.md', 'a/c.md', 'README.md'];
    serve((call) => Response.json({ items: call.documents.map(({ path }) => ({ path, status: 'created', id: `id of ${path}` })) }));
    startImport('w', '', { files: paths.map((path) => Object.defineProperty(new File(['x'], 'x.md'), 'webkitRelativePath', { value: path })) });
    expect((await finished()).first).toEqual({ id: 'id of README.md', path: 'README.md' });
  });

  it('sends everything in calls of 200 and counts what became of it', async () => {
    serve((call) => items(call, (path) => (path === '0003.md' ? 'refused' : 'created')));
    startImport('w', '', { files: [...files(450), new File(['x'], 'x.png'), new File([new Uint8Array([0xff])], 'latin.md')] });
    const state = await finished();
    expect(sent.map(({ documents }) => documents.length)).toEqual([200, 200, 50]);
    expect(state).toMatchObject({ phase: 'done', total: 451, sent: 451, counts: { created: 449, refused: 1 } });
    expect(state.refused).toEqual([{ path: '0003.md', detail: 'Why.' }]);
    expect(state.skipped).toEqual([
      { path: 'x.png', reason: 'not_markdown' },
      { path: 'latin.md', reason: 'not_utf8' },
    ]);
  });

  it('tries again what may pass, and doubles nothing by it', async () => {
    vi.useFakeTimers();
    serve((call, count) => (count === 1 ? Response.json({}, { status: 503 }) : items(call, () => 'created')));
    startImport('w', '', { files: files(1) });
    const done = finished();
    await vi.runAllTimersAsync();
    expect((await done).phase).toBe('done');
    expect(sent).toHaveLength(2);
  });

  it('says why when the server refuses it, and tries that no more', async () => {
    serve(() => Response.json({ code: 'forbidden' }, { status: 403 }));
    startImport('w', '', { files: files(1) });
    expect(await finished()).toMatchObject({ phase: 'failed', reason: 'Your role here does not allow that.' });
    expect(sent).toHaveLength(1);
  });

  it('stops when asked', async () => {
    serve((call, count) => {
      if (count === 1) cancelImport();
      return items(call, () => 'created');
    });
    startImport('w', '', { files: files(450) });
    expect((await finished()).phase).toBe('cancelled');
    expect(sent).toHaveLength(1);
  });

  it('replaces what was edited here only when told to', async () => {
    serve((call) => items(call, () => (call.overwrite ? 'updated' : 'kept')));
    startImport('w', 'into', { files: files(2) });
    expect((await finished()).kept.map(({ path }) => path)).toEqual(['into/0000.md', 'into/0001.md']);
    expect(sent.every(({ overwrite }) => !overwrite)).toBe(true);
    replaceKept();
    expect(await finished()).toMatchObject({ kept: [], counts: { kept: 0, updated: 2 } });
    expect(sent.at(-1)?.overwrite).toBe(true);
  });
});
