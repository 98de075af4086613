// The views' icons, on the same 16 px grid as those of ui/Icon.
import type { Mode } from './modes';

const PATHS: Readonly<Record<Mode | 'outline', string>> = {
  edit: 'm3 13 .5-2.8 7-7 2.3 2.3-7 7zM9 4.7 11.3 7',
  source: 'M5.5 4.5 2 8l3.5 3.5M10.5 4.5 14 8l-3.5 3.5',
  split: 'M2.5 3h11v10h-11zM8 3v10',
  read: 'M8 4.2C6.6 3.2 4.7 3 2.5 3v9.2c2.2 0 4.1.2 5.5 1.2 1.4-1 3.3-1.2 5.5-1.2V3c-2.2 0-4.1.2-5.5 1.2zM8 4.2v9.2',
  outline: 'M2.5 4h7M5 8h8.5M5 12h6',
};

export function ViewIcon({ name }: { name: Mode | 'outline' }) {
  return (
    <svg className="icon" viewBox="0 0 16 16" width="16" height="16" fill="none" stroke="currentColor" strokeWidth="1.4" strokeLinecap="round" strokeLinejoin="round" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
