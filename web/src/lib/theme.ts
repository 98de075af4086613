// Light, dark, or what the system says. public/theme.js does the same before the first paint.

export type Theme = 'system' | 'light' | 'dark';

const KEY = 'mdreader.theme';
const BACKGROUND = { light: '#fbfaf8', dark: '#191816' } as const;
const systemDark = (): MediaQueryList => matchMedia('(prefers-color-scheme: dark)');

export function getTheme(): Theme {
  const stored = localStorage.getItem(KEY);
  return stored === 'light' || stored === 'dark' ? stored : 'system';
}

function apply(): void {
  const choice = getTheme();
  const shown = choice === 'system' ? (systemDark().matches ? 'dark' : 'light') : choice;
  document.documentElement.dataset['theme'] = shown;
  document.querySelector('meta[name="theme-color"]')?.setAttribute('content', BACKGROUND[shown]);
}

export function setTheme(theme: Theme): void {
  if (theme === 'system') localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, theme);
  apply();
}

/** Follows the system's change and the other tabs'. */
export function watchTheme(): void {
  systemDark().addEventListener('change', apply);
  window.addEventListener('storage', (event) => event.key === KEY && apply());
}
