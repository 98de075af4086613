// Line icons on a 16 px grid, drawn for this page.
const PATHS = {
  'arrow-left': 'M9.5 3.5 5 8l4.5 4.5',
  check: 'm3.5 8.5 3 3 6-7',
  chevron: 'm6 4 4 4-4 4',
  chevrons: 'm5 6 3-3 3 3M5 10l3 3 3-3',
  circle: 'M8 10.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5Z',
  copy: 'M5.5 5.5h7v7h-7zM3.5 10.5v-7h7',
  document: 'M4 2.5h5L12 5.5v8H4zM9 2.5v3h3',
  download: 'M8 2.5v7.5M5 7.5 8 10.5l3-3M3 13h10',
  folder: 'M2.5 4h4l1.5 2h5.5v7h-11z',
  gear: 'M2.5 4.5h6M11.5 4.5h2M2.5 11.5h2M7.5 11.5h6M10 3v3M6 10v3',
  key: 'M10.5 9.5a3.5 3.5 0 1 0-3.4-2.6L2.5 11.5v2h2v-1.5H6v-1.5l1.1-1.1c.9.4 2 .5 3.4.1ZM11 5.5h.01',
  keyboard: 'M2 4.5h12v7H2zM4.5 7h.01M7 7h.01M9.5 7h.01M11.5 7h.01M5.5 9.5h5',
  leave: 'M9 3H3.5v10H9M7 8h6.5M11 5.5 13.5 8 11 10.5',
  mail: 'M2 4h12v8.5H2zM2.5 4.5 8 9l5.5-4.5',
  more: 'M3.5 8h.01M8 8h.01M12.5 8h.01',
  move: 'M2.5 4h4l1.5 2h5.5v7h-11zM6 9.5h4M8.5 8 10 9.5 8.5 11',
  pencil: 'm3 13 .5-2.8 7-7 2.3 2.3-7 7zM9 4.7 11.3 7',
  people: 'M6 7.5a2.25 2.25 0 1 0 0-4.5 2.25 2.25 0 0 0 0 4.5ZM2 13c0-2.2 1.7-3.5 4-3.5s4 1.3 4 3.5M10.5 3.2a2.2 2.2 0 0 1 0 4.1M11.5 9.7c1.6.4 2.5 1.6 2.5 3.3',
  plus: 'M8 3v10M3 8h10',
  search: 'M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9ZM10.5 10.5l3 3',
  shield: 'M8 2 3 4v4c0 3 2.2 5.2 5 6 2.8-.8 5-3 5-6V4z',
  sidebar: 'M2.5 3h11v10h-11zM6.5 3v10',
  trash: 'M3 4.5h10M6.5 4.5V3h3v1.5M4.5 4.5l.5 9h6l.5-9M7 7v4M9 7v4',
  undo: 'M5.5 3 3 5.5 5.5 8M3 5.5h6a3.75 3.75 0 0 1 0 7.5H6',
  upload: 'M8 10.5V3M5 5.5l3-3 3 3M3 13h10',
  x: 'm4 4 8 8M12 4l-8 8',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, className }: { name: IconName; className?: string }) {
  return (
    <svg
      className={className ? `icon ${className}` : 'icon'}
      viewBox="0 0 16 16"
      width="16"
      height="16"
      fill="none"
      stroke="currentColor"
      strokeWidth={name === 'more' ? 2.2 : 1.4}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
