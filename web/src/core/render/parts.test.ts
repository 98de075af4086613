import { describe, expect, it, vi } from 'vitest';
import { Parts } from './parts';

const made = (count: number, name = 'i'): HTMLElement[] => Array.from({ length: count }, () => document.createElement(name));

describe('the parts of a reading view', () => {
  it('are filled a few dozen blocks at a time, however many come at once', () => {
    const content = document.createElement('div');
    const calls = [vi.spyOn(Element.prototype, 'append'), vi.spyOn(DocumentFragment.prototype, 'append')];
    const blocks = made(3_000);
    new Parts(content, () => 1).insert(blocks, null);
    // A document of megabytes has more blocks than one call takes arguments.
    expect(Math.max(...calls.flatMap(({ mock }) => mock.calls.map((given) => given.length)))).toBeLessThan(100);
    expect([...content.children].flatMap((part) => [...part.children])).toEqual(blocks);
  });

  it('keep the order when many come in between', () => {
    const content = document.createElement('div');
    const parts = new Parts(content, () => 1);
    const first = made(40);
    const many = made(100, 'b');
    parts.insert(first, null);
    parts.insert(many, first[20] ?? null);
    const shown = [...content.children].flatMap((part) => [...part.children]);
    expect(shown).toEqual([...first.slice(0, 20), ...many, ...first.slice(20)]);
    expect([...content.children].every((part) => part.childElementCount > 0)).toBe(true);
  });
});
