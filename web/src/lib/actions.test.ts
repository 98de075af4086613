import { afterEach, describe, expect, it, vi } from 'vitest';
import { dispatchShortcut, listActions, matchesShortcut, registerActions, type Action } from './actions';

const action = (id: string, shortcut: string, run = vi.fn()): Action & { run: typeof run } => ({ id, label: id, group: 'x', shortcut, run });
const key = (init: KeyboardEventInit): KeyboardEvent => new KeyboardEvent('keydown', { bubbles: true, cancelable: true, ...init });
let undo: (() => void)[] = [];

afterEach(() => {
  undo.forEach((one) => one());
  undo = [];
});

describe('shortcuts', () => {
  it('match exactly the modifiers named', () => {
    expect(matchesShortcut(key({ key: 'k', ctrlKey: true }), 'Mod+K')).toBe(true);
    expect(matchesShortcut(key({ key: 'K', ctrlKey: true, shiftKey: true }), 'Mod+K')).toBe(false);
    expect(matchesShortcut(key({ key: 'k' }), 'Mod+K')).toBe(false);
    expect(matchesShortcut(key({ key: '?', shiftKey: true }), '?')).toBe(true);
  });

  it('with Alt go by the key, whatever letter it types', () => {
    expect(matchesShortcut(key({ key: '˜', code: 'KeyN', altKey: true }), 'Alt+N')).toBe(true);
  });

  it('run the action registered last, and the one before when that is gone', () => {
    const first = action('first', 'Mod+K');
    const second = action('second', 'Mod+K');
    undo.push(registerActions([first]));
    const remove = registerActions([second]);
    dispatchShortcut(key({ key: 'k', ctrlKey: true }));
    remove();
    dispatchShortcut(key({ key: 'k', ctrlKey: true }));
    expect([first.run.mock.calls.length, second.run.mock.calls.length]).toEqual([1, 1]);
    expect(listActions()).toEqual([first]);
  });

  it('leave a bare key to whoever types', () => {
    const help = action('help', '?');
    undo.push(registerActions([help]));
    const input = document.body.appendChild(document.createElement('input'));
    input.addEventListener('keydown', (event) => dispatchShortcut(event));
    input.dispatchEvent(key({ key: '?' }));
    expect(help.run).not.toHaveBeenCalled();
    expect(dispatchShortcut(key({ key: '?' }))).toBe(true);
    input.remove();
  });
});
