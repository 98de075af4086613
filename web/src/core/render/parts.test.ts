import { describe, expect, it, vi } from 'vitest';
import { Parts } from './parts';

const made = (count: number, name = 'i'): HTMLElement[] => Array.from({ length: count }, () => document.createElement(name));

const ignored = { heightOf: () => 1, changed: () => undefined, gone: () => undefined };

describe('the parts of a reading view', () => {
  it('are filled a few dozen blocks at a time, however many come at once', () => {
    const content = document.createElement('div');
    const calls = [vi.spyOn(Element.prototype, 'append'), vi.spyOn(DocumentFragment.prototype, 'append')];
    const blocks = made(3_000);
    new Parts(content, ignored).insert(blocks, null);
    // A document of megabytes has more blocks than one call takes arguments.
    expect(Math.max(...calls.flatMap(({ mock }) => mock.calls.map((given) => given.length)))).toBeLessThan(100);
    expect([...content.children].flatMap((part) => [...part.children])).toEqual(blocks);
  });

  it('keep the order when many come in between', () => {
    const content = document.createElement('div');
    const parts = new Parts(content, ignored);
    const first = made(40);
    const many = made(100, 'b');
    parts.insert(first, null);
    parts.insert(many, first[20] ?? null);
    const shown = [...content.children].flatMap((part) => [...part.children]);
    expect(shown).toEqual([...first.slice(0, 20), ...many, ...first.slice(20)]);
    expect([...content.children].every((part) => part.childElementCount > 0)).toBe(true);
  });

  it('say which of them there are, and which hold other blocks now', () => {
    const content = document.createElement('div');
    const watched = new Set<Element>();
    const changed = vi.fn((part: Element) => watched.add(part));
    const parts = new Parts(content, { heightOf: () => 1, changed, gone: (part) => watched.delete(part) });
    const blocks = made(100);
    parts.insert(blocks, null);
    expect([...watched]).toEqual([...content.children]);
    expect(watched.size).toBe(4);
    changed.mockClear();
    parts.insert(made(1, 'b'), blocks[40] ?? null);
    expect(changed.mock.calls).toEqual([[content.children[1]]]);
    parts.remove(blocks.slice(64));
    expect([...watched]).toEqual([...content.children]);
  });
});
