import { strToU8, zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import type { SourceFile } from './entries';
import { collectPicked } from './entries';
import { batches, decode, planImport } from './plan';
import { readZip } from './zip';

const file = (path: string, size = 10): SourceFile => ({ path, size, read: () => Promise.resolve(new Uint8Array(size)) });

describe('planning an import', () => {
  it('keeps paths, takes every Markdown extension, and says what it skips and why', () => {
    const { planned, skipped } = planImport(
      [file('notes/b.MD'), file('notes/a.mdx'), file('logo.png'), file('__MACOSX/notes/._a.md'), file('huge.md', 2_000)],
      '',
      1_000,
    );
    expect(planned.map(({ path }) => path)).toEqual(['notes/a.mdx', 'notes/b.MD']);
    expect(skipped).toEqual([
      { path: 'logo.png', reason: 'not_markdown' },
      { path: '__MACOSX/notes/._a.md', reason: 'system' },
      { path: 'huge.md', reason: 'too_large' },
    ]);
  });

  it('puts them under the folder they were dropped on', () => {
    expect(planImport([file('a/b.md')], 'into/here', 1_000).planned[0]?.path).toBe('into/here/a/b.md');
  });

  it('cannot be led out of the workspace by an archive', () => {
    expect(planImport([file('../../etc/x.md'), file('a\\b.md')], '', 1_000).planned.map(({ path }) => path)).toEqual(['a/b.md', 'etc/x.md']);
  });

  it('cuts calls by number and by bytes, and sends a large document alone', () => {
    const items = [3, 3, 3, 50, 1].map((size, index) => ({ path: `${index}`, file: { size } }));
    expect(batches(items, 2, 10).map((batch) => batch.map(({ path }) => path).join(''))).toEqual(['01', '2', '3', '4']);
    expect(batches([])).toEqual([]);
  });

  it('decodes strictly, and keeps a byte order mark and CRLF', () => {
    expect(decode(new Uint8Array([0xef, 0xbb, 0xbf, 0x61, 0x0d, 0x0a]))).toBe('\uFEFFa\r\n');
    expect(decode(new Uint8Array([0x63, 0x61, 0x66, 0xe9]))).toBeUndefined();
    expect(decode(new Uint8Array())).toBe('');
  });
});

describe('reading an archive', () => {
  it('unpacks Markdown only, and lists the rest', async () => {
    const archive = zipSync({ docs: { 'a.md': strToU8('# Grüße'), 'pic.png': new Uint8Array(5_000), 'big.md': new Uint8Array(3_000) } });
    const files = await readZip(archive, 2_000, new AbortController().signal);
    expect(files.map(({ path }) => path).sort()).toEqual(['docs/a.md', 'docs/big.md', 'docs/pic.png']);
    const [first] = files.filter(({ path }) => path === 'docs/a.md');
    expect(decode(await first!.read())).toBe('# Grüße');
    const { planned, skipped } = planImport(files, '', 2_000);
    expect(planned).toHaveLength(1);
    expect(skipped.map(({ reason }) => reason).sort()).toEqual(['not_markdown', 'too_large']);
  });
});

describe('files from a picker', () => {
  it('keep the path of the folder, and pass over what packages brought', () => {
    const picked = (path: string): File => Object.defineProperty(new File(['x'], path.split('/').at(-1) ?? ''), 'webkitRelativePath', { value: path });
    const { files, passedOver } = collectPicked([picked('site/a.md'), picked('site/node_modules/x/README.md'), picked('site/node_modules/y/README.md')]);
    expect(files.map(({ path }) => path)).toEqual(['site/a.md']);
    expect(passedOver).toEqual(['site/node_modules/']);
  });
});
