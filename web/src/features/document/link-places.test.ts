import { describe, expect, it } from 'vitest';
import { finderOf, placeOf } from './link-places';

const find = finderOf([
  { id: 'readme', path: 'README.md' },
  { id: 'setup', path: 'guides/setup.md' },
  { id: 'guides', path: 'guides/README.md' },
  { id: 'api', path: 'API.md' },
]);
const from = (href: string) => placeOf(href, 'guides/setup.md', find);

describe('a link in a document', () => {
  it('leads to the document that it means', () => {
    expect(from('../README.md')).toEqual({ kind: 'document', id: 'readme', fragment: '' });
    expect(from('setup#run')).toEqual({ kind: 'document', id: 'setup', fragment: 'run' });
    expect(from('../guides/')).toMatchObject({ id: 'guides' });
    expect(from('../api.md')).toMatchObject({ id: 'api' });
    expect(from('#there')).toEqual({ kind: 'here', fragment: 'there' });
  });

  it('is known to lead nowhere, or out of here', () => {
    expect(from('missing.md')).toEqual({ kind: 'missing', path: 'guides/missing.md' });
    expect(from('../../other/x.md')).toEqual({ kind: 'outside' });
    expect(from('https://example.org')).toEqual({ kind: 'external' });
    expect(from('javascript:alert(1)')).toEqual({ kind: 'unsafe' });
  });

  it('finds each of ten thousand documents without looking at the others', () => {
    let looked = 0;
    const documents = Array.from({ length: 10_000 }, (_, n) => ({
      id: String(n),
      get path() {
        looked += 1;
        return `notes/${n}.md`;
      },
    }));
    const many = finderOf(documents);
    looked = 0;
    for (let n = 0; n < 10_000; n += 1) expect(many(`notes/${n}`)).toBe(String(n));
    expect(looked).toBe(0);
  });
});
