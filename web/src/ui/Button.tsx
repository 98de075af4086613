import type { ComponentProps } from 'react';
import { Icon, type IconName } from './Icon';
import './button.css';

type ButtonProps = ComponentProps<'button'> & {
  kind?: 'primary' | 'plain' | 'quiet' | 'danger';
  icon?: IconName | undefined;
  /** Shows that the work goes on, and ignores further clicks without losing the focus. */
  busy?: boolean;
};

export function Button({ kind = 'plain', icon, busy = false, className = '', children, onClick, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      className={`button button-${kind} ${className}`}
      aria-disabled={busy || undefined}
      aria-busy={busy || undefined}
      onClick={busy ? (event) => event.preventDefault() : onClick}
      {...rest}
    >
      {icon && <Icon name={icon} />}
      {children}
    </button>
  );
}

type IconButtonProps = ComponentProps<'button'> & { icon: IconName; label: string; shortcut?: string | undefined };

/** A square button; its label is read aloud and shown as the tooltip. */
export function IconButton({ icon, label, shortcut, className = '', ...rest }: IconButtonProps) {
  return (
    <button type="button" className={`icon-button ${className}`} aria-label={label} title={shortcut ? `${label} (${shortcut})` : label} {...rest}>
      <Icon name={icon} />
    </button>
  );
}
