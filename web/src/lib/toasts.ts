// Short messages at the edge of the page. Anything may raise one; ui/Toasts shows and reads them.

export interface Toast {
  readonly id: number;
  readonly text: string;
  readonly kind: 'info' | 'error';
  readonly action?: { readonly label: string; readonly run: () => void } | undefined;
}

export interface ToastOptions {
  readonly kind?: Toast['kind'];
  readonly action?: Toast['action'];
}

const SHOWN_AT_ONCE = 3;

let toasts: readonly Toast[] = [];
let lastId = 0;
const listeners = new Set<() => void>();

function publish(next: readonly Toast[]): void {
  toasts = next;
  listeners.forEach((listener) => listener());
}

export function toast(text: string, options: ToastOptions = {}): number {
  const id = ++lastId;
  publish([...toasts, { id, text, kind: options.kind ?? 'info', action: options.action }].slice(-SHOWN_AT_ONCE));
  return id;
}

export const dismissToast = (id: number): void => publish(toasts.filter((shown) => shown.id !== id));
export const listToasts = (): readonly Toast[] => toasts;

export function onToastsChange(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
