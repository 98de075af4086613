import { describe, expect, it } from 'vitest';
import { isSafeLink, resolveLink } from './links';

describe('links between documents', () => {
  it.each([
    ['./setup.md', 'guides/start.md', { path: 'guides/setup.md', fragment: '' }],
    ['../x.md#h', 'a/b/c.md', { path: 'a/x.md', fragment: 'h' }],
    ['x%20y.md', 'a.md', { path: 'x y.md', fragment: '' }],
    ['/top.md', 'a/b.md', { path: 'top.md', fragment: '' }],
    ['#here', 'a/b.md', { path: '', fragment: 'here' }],
    ['x.md?raw=1#a%20b', 'a/b.md', { path: 'a/x.md', fragment: 'a b' }],
    ['%zz.md', 'b.md', { path: '%zz.md', fragment: '' }],
  ])('%s from %s', (href, from, target) => {
    expect(resolveLink(href, from)).toEqual(target);
  });

  it('leaves the workspace for nothing', () => {
    expect(resolveLink('../../x.md', 'a/b.md')).toBeNull();
    expect(resolveLink('https://example.org', 'a.md')).toBeNull();
    expect(resolveLink('//example.org/x', 'a.md')).toBeNull();
  });

  it('knows what may be opened', () => {
    expect(isSafeLink('mailto:a@example.org')).toBe(true);
    expect(isSafeLink('docs/x.md')).toBe(true);
    expect(isSafeLink(' java\tscript:alert(1)')).toBe(false);
    expect(isSafeLink('\u0001javascript:alert(1)')).toBe(false);
  });
});
