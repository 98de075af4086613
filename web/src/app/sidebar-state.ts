import { useSyncExternalStore } from 'react';

// The sidebar on a desk is wide or hidden, and stays so; on a phone it is a sheet that starts closed.

export const MIN_WIDTH = 200;
export const MAX_WIDTH = 480;
const DEFAULT_WIDTH = 272;
const KEY = 'mdreader.sidebar';

interface SidebarState {
  readonly collapsed: boolean;
  readonly width: number;
  /** The phone's sheet. */
  readonly sheet: boolean;
}

function read(): SidebarState {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<SidebarState>;
    return { collapsed: kept.collapsed ?? false, width: kept.width ?? DEFAULT_WIDTH, sheet: false };
  } catch {
    return { collapsed: false, width: DEFAULT_WIDTH, sheet: false };
  }
}

let state = read();
const listeners = new Set<() => void>();

function update(part: Partial<SidebarState>): void {
  state = { ...state, ...part };
  localStorage.setItem(KEY, JSON.stringify({ collapsed: state.collapsed, width: state.width }));
  listeners.forEach((listener) => listener());
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const useSidebar = (): SidebarState => useSyncExternalStore(subscribe, () => state);
export const setSheet = (sheet: boolean): void => update({ sheet });
export const setWidth = (width: number): void => update({ width: Math.round(Math.max(MIN_WIDTH, Math.min(MAX_WIDTH, width))) });
export const toggleSidebar = (phone: boolean): void => update(phone ? { sheet: !state.sheet } : { collapsed: !state.collapsed });
export const showSidebar = (phone: boolean): void => update(phone ? { sheet: true } : { collapsed: false });
