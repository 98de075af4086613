import { Suspense, useSyncExternalStore, type ReactNode } from 'react';

type Render = (close: () => void) => ReactNode;

let shown: { readonly render: Render; readonly key: number } | undefined;
let count = 0;
const listeners = new Set<() => void>();

function publish(next: typeof shown): void {
  shown = next;
  listeners.forEach((listener) => listener());
}

export const closeModal = (): void => publish(undefined);

/** Shows a dialog from anywhere: a menu, a shortcut, the palette. One at a time. */
export const showModal = (render: Render): void => publish({ render, key: ++count });

export const isModalOpen = (): boolean => shown !== undefined;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function ModalHost() {
  const modal = useSyncExternalStore(subscribe, () => shown);
  if (!modal) return null;
  return (
    <Suspense key={modal.key} fallback={null}>
      {modal.render(closeModal)}
    </Suspense>
  );
}
