import type { KeyboardEvent, PointerEvent } from 'react';
import { t } from '@/lib/strings';
import { MAX_WIDTH, MIN_WIDTH, setWidth } from './sidebar-state';

const STEP = 16;

/** The border between sidebar and text: drag it, or move it with the arrows. */
export function Resizer({ width }: { width: number }) {
  const onPointerDown = (event: PointerEvent<HTMLDivElement>): void => {
    const handle = event.currentTarget;
    handle.setPointerCapture(event.pointerId);
    const move = (moved: globalThis.PointerEvent): void => setWidth(moved.clientX);
    handle.addEventListener('pointermove', move);
    handle.addEventListener('lostpointercapture', () => handle.removeEventListener('pointermove', move), { once: true });
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'ArrowLeft') setWidth(width - STEP);
    else if (event.key === 'ArrowRight') setWidth(width + STEP);
  };
  return (
    <div
      role="separator"
      aria-orientation="vertical"
      aria-label={t('sidebar.resize')}
      aria-valuenow={width}
      aria-valuemin={MIN_WIDTH}
      aria-valuemax={MAX_WIDTH}
      tabIndex={0}
      className="resizer"
      onPointerDown={onPointerDown}
      onKeyDown={onKeyDown}
    />
  );
}
