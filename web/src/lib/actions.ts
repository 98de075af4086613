// Everything a person can do, in one registry: the menus, the shortcuts, the palette and the `?`
// dialog all read from here. Features register while they are on screen.

export interface Action {
  readonly id: string;
  readonly label: string;
  /** A heading in the palette and in the shortcuts dialog. */
  readonly group: string;
  /** For example 'Mod+K', 'Mod+Shift+P', 'Alt+ArrowUp', '?'. Mod is ⌘ on a Mac and Ctrl elsewhere. */
  readonly shortcut?: string | undefined;
  /** More words that find it in the palette. */
  readonly keywords?: string;
  /** Left out of the palette: for shortcuts that only help once the palette is closed. */
  readonly hidden?: boolean;
  /** Listed in `?`, but a component handles its key itself. */
  readonly passive?: boolean;
  readonly run: () => void;
}

let groups: readonly (readonly Action[])[] = [];
let all: readonly Action[] = [];
const listeners = new Set<() => void>();

function publish(next: readonly (readonly Action[])[]): void {
  groups = next;
  all = next.flat();
  listeners.forEach((listener) => listener());
}

/** Adds actions; the later of two with one shortcut wins. Returns how to take them away again. */
export function registerActions(actions: readonly Action[]): () => void {
  publish([...groups, actions]);
  return () => publish(groups.filter((group) => group !== actions));
}

export const listActions = (): readonly Action[] => all;

export function onActionsChange(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const isMac = (): boolean => /Mac|iPhone|iPad/.test(navigator.platform);

/** Whether the keys pressed are those of `shortcut`. Letters go by the layout, as printed on the key. */
export function matchesShortcut(event: KeyboardEvent, shortcut: string): boolean {
  const parts = shortcut.split('+');
  const key = parts.at(-1) ?? '';
  const wants = (name: string): boolean => parts.slice(0, -1).includes(name);
  const mod = isMac() ? event.metaKey : event.ctrlKey;
  const otherMod = isMac() ? event.ctrlKey : event.metaKey;
  if (mod !== wants('Mod') || otherMod || event.altKey !== wants('Alt')) return false;
  // `?` already says that Shift is down; for a named key or a letter it has to match.
  if (/^[a-z]$/i.test(key) || key.length > 1) {
    if (event.shiftKey !== wants('Shift')) return false;
  }
  // With Alt a Mac types another letter (Alt+N is a tilde): go by the key itself.
  if (event.altKey && /^[a-z]$/i.test(key)) return event.code === `Key${key.toUpperCase()}`;
  return event.key.toLowerCase() === key.toLowerCase();
}

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

/** Runs the action whose shortcut this is. A bare key never fires while somebody types. */
export function dispatchShortcut(event: KeyboardEvent): boolean {
  if (event.defaultPrevented || event.isComposing) return false;
  const action = all.findLast(
    ({ shortcut, passive }) =>
      shortcut !== undefined && !passive && matchesShortcut(event, shortcut) && (/Mod|Alt/.test(shortcut) || !isTyping(event.target)),
  );
  if (!action) return false;
  event.preventDefault();
  action.run();
  return true;
}

const MAC_SIGNS: Readonly<Record<string, string>> = { Mod: '⌘', Shift: '⇧', Alt: '⌥', Enter: '↵', ArrowUp: '↑', ArrowDown: '↓' };
const OTHER_SIGNS: Readonly<Record<string, string>> = { Mod: 'Ctrl', ArrowUp: '↑', ArrowDown: '↓' };

/** The keys to show, one string for each cap. */
export function shortcutKeys(shortcut: string): readonly string[] {
  const signs = isMac() ? MAC_SIGNS : OTHER_SIGNS;
  return shortcut.split('+').map((part) => signs[part] ?? part);
}
