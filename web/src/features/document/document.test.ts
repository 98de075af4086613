import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Replica } from '@/core/sync/replica';
import { modesFor } from './modes';
import { ScrollSync } from './scroll-sync';
import { toggleTaskInText } from './task-in-text';
import { lineOfPeer } from './use-people';
import { countWords } from '@/core/render';

function replicaOf(text: string): Replica {
  const replica = new Replica('e');
  replica.text.insert(0, text);
  return replica;
}

describe('tasks clicked in the reading view', () => {
  it('change one character, and can be undone', () => {
    const replica = replicaOf('# T\n\n- [ ] one\n> 1. [x] two\n');
    toggleTaskInText(replica, 2);
    toggleTaskInText(replica, 3);
    expect(replica.text.toJSON()).toBe('# T\n\n- [x] one\n> 1. [ ] two\n');
    replica.undo.undo();
    expect(replica.text.toJSON()).toBe('# T\n\n- [ ] one\n> 1. [x] two\n');
  });

  it('do nothing when the line is no task any more, or gone', () => {
    const replica = replicaOf('plain [ ] text');
    toggleTaskInText(replica, 0);
    toggleTaskInText(replica, 9);
    expect(replica.text.toJSON()).toBe('plain [ ] text');
  });
});

describe('modes', () => {
  it('are those that make sense', () => {
    expect(modesFor(true, false)).toEqual(['edit', 'source', 'split', 'read']);
    expect(modesFor(true, true)).not.toContain('split');
    expect(modesFor(false, false)[0]).toBe('read');
  });
});

describe('counting words', () => {
  it.each([
    ['one two  three', 3],
    ['don’t well-known 3.14', 3],
    ['', 0],
    ['日本語 text', 4],
    ['ünïcödé — dash', 2],
  ])('%j', (text, count) => {
    expect(countWords(text)).toBe(count);
  });
});

describe('where somebody is', () => {
  it('is a line, or nothing at all for nonsense', () => {
    const replica = replicaOf('a\nb\nc');
    replica.awareness.states.set(5, { cursor: { head: { tname: 'content' } } });
    replica.awareness.states.set(6, { cursor: { head: 'x' } });
    expect(lineOfPeer(replica, 5)).toBe(2);
    expect(lineOfPeer(replica, 6)).toBeNull();
    expect(lineOfPeer(replica, 7)).toBeNull();
  });
});

describe('scrolling together', () => {
  beforeEach(() => {
    vi.stubGlobal('requestAnimationFrame', (run: () => void) => {
      run();
      return 0;
    });
  });
  afterEach(() => vi.unstubAllGlobals());

  const pane = (topLine: number) => ({ scroller: document.createElement('div'), pane: { topLine, scrollToLine: vi.fn() } });

  it('follows the pane that was touched last, and never answers the one that follows', () => {
    const sync = new ScrollSync();
    const editor = pane(12);
    const preview = pane(30);
    sync.attach('editor', editor);
    sync.attach('preview', preview);
    sync.scrolled('editor');
    expect(preview.pane.scrollToLine).toHaveBeenCalledWith(12);
    sync.scrolled('preview');
    expect(editor.pane.scrollToLine).not.toHaveBeenCalled();
    preview.scroller.dispatchEvent(new Event('wheel'));
    sync.scrolled('preview');
    expect(editor.pane.scrollToLine).toHaveBeenCalledWith(30);
    expect(sync.topLine).toBe(30);
  });
});
