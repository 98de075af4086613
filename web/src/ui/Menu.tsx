// A menu of our own instead of Base UI's, which would add 44 KB to the first download. It follows the
// ARIA menu pattern: arrows, Home, End, typing a first letter; Esc, Tab or a click outside close it.
import { useEffect, useLayoutEffect, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';
import { createPortal } from 'react-dom';
import { shortcutKeys } from '@/lib/actions';
import { Icon, type IconName } from './Icon';
import './menu.css';

export interface MenuItem {
  readonly label: string;
  readonly icon?: IconName;
  readonly shortcut?: string | undefined;
  readonly danger?: boolean;
  /** Marks the present choice of several. */
  readonly checked?: boolean;
  /** A line above it. */
  readonly separated?: boolean;
  readonly run: () => void;
}

/** Where the menu stands: under an element, or at a point for a context menu. */
export type MenuAnchor = HTMLElement | { readonly x: number; readonly y: number };

const GAP = 4;
const EDGE = 8;

/** Inside the landmark it belongs to, so that readers do not meet it outside of everything. */
function hostOf(anchor: MenuAnchor): Element {
  const near = anchor instanceof HTMLElement ? anchor : document.activeElement;
  return near?.closest('nav, main, [role="dialog"]') ?? document.body;
}

function place(popup: HTMLElement, anchor: MenuAnchor): void {
  const box = anchor instanceof HTMLElement ? anchor.getBoundingClientRect() : new DOMRect(anchor.x, anchor.y, 0, 0);
  const { offsetWidth: width, offsetHeight: height } = popup;
  const below = box.bottom + GAP;
  const top = below + height > innerHeight - EDGE ? Math.max(EDGE, box.top - GAP - height) : below;
  popup.style.top = `${top}px`;
  popup.style.left = `${Math.max(EDGE, Math.min(box.left, innerWidth - EDGE - width))}px`;
}

interface MenuPopupProps {
  label: string;
  items: readonly MenuItem[];
  anchor: MenuAnchor;
  onClose: () => void;
}

export function MenuPopup({ label, items, anchor, onClose }: MenuPopupProps) {
  const popup = useRef<HTMLDivElement>(null);
  const returnTo = useRef<Element | null>(null);
  const [host] = useState(() => hostOf(anchor));

  useLayoutEffect(() => {
    returnTo.current = document.activeElement;
    if (!popup.current) return;
    place(popup.current, anchor);
    popup.current.querySelector<HTMLElement>('button')?.focus({ preventScroll: true });
  }, [anchor]);

  useEffect(() => {
    const outside = (event: Event): void => {
      if (!popup.current?.contains(event.target as Node)) onClose();
    };
    // Capture, so that a click that closes the menu is seen even where something stops it.
    document.addEventListener('pointerdown', outside, true);
    window.addEventListener('resize', onClose);
    window.addEventListener('blur', onClose);
    return () => {
      document.removeEventListener('pointerdown', outside, true);
      window.removeEventListener('resize', onClose);
      window.removeEventListener('blur', onClose);
    };
  }, [onClose]);

  const close = (): void => {
    onClose();
    if (returnTo.current instanceof HTMLElement) returnTo.current.focus({ preventScroll: true });
  };

  const onKeyDown = (event: KeyboardEvent): void => {
    const buttons = [...(popup.current?.querySelectorAll<HTMLElement>('button') ?? [])];
    const at = buttons.indexOf(document.activeElement as HTMLElement);
    const focus = (index: number): void => buttons[(index + buttons.length) % buttons.length]?.focus();
    if (event.key === 'Escape' || event.key === 'Tab') close();
    else if (event.key === 'ArrowDown') focus(at + 1);
    else if (event.key === 'ArrowUp') focus(at - 1);
    else if (event.key === 'Home') focus(0);
    else if (event.key === 'End') focus(-1);
    else if (event.key.length === 1 && event.key !== ' ') {
      const letter = event.key.toLowerCase();
      const ordered = [...buttons.slice(at + 1), ...buttons.slice(0, at + 1)];
      ordered.find((button) => button.textContent.trim().toLowerCase().startsWith(letter))?.focus();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return createPortal(
    <div ref={popup} className="menu" role="menu" aria-label={label} tabIndex={-1} onKeyDown={onKeyDown}>
      {items.map((item) => (
        <button
          key={item.label}
          type="button"
          role={item.checked === undefined ? 'menuitem' : 'menuitemradio'}
          aria-checked={item.checked}
          tabIndex={-1}
          className={`menu-item${item.danger ? ' menu-item-danger' : ''}${item.separated ? ' menu-item-separated' : ''}`}
          onPointerMove={(event) => event.currentTarget.focus({ preventScroll: true })}
          onClick={() => {
            close();
            item.run();
          }}
        >
          {item.checked === undefined ? item.icon && <Icon name={item.icon} /> : <Icon name="check" className={item.checked ? '' : 'menu-unchecked'} />}
          <span className="menu-label">{item.label}</span>
          {item.shortcut && <span className="menu-shortcut">{shortcutKeys(item.shortcut).join(' ')}</span>}
        </button>
      ))}
    </div>,
    host,
  );
}

interface TriggerProps {
  'aria-haspopup': 'menu';
  'aria-expanded': boolean;
  'data-popup-open': true | undefined;
  onClick: (event: { currentTarget: HTMLElement }) => void;
}

/** A button and its menu; `items` is asked when it opens. */
export function Menu({ label, items, children }: { label: string; items: () => readonly MenuItem[]; children: (trigger: TriggerProps) => ReactNode }) {
  const [anchor, setAnchor] = useState<HTMLElement>();
  const trigger: TriggerProps = {
    'aria-haspopup': 'menu',
    'aria-expanded': anchor !== undefined,
    'data-popup-open': anchor ? true : undefined,
    onClick: (event) => setAnchor(anchor ? undefined : event.currentTarget),
  };
  return (
    <>
      {children(trigger)}
      {anchor && <MenuPopup label={label} items={items()} anchor={anchor} onClose={() => setAnchor(undefined)} />}
    </>
  );
}
