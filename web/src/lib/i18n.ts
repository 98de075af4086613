// One mechanism for every string the page shows. A feature that loads lazily keeps its own catalogue
// beside it, so that its words are not in the first download.

export type Params = Readonly<Record<string, string | number>>;
/** A sentence, or one for each plural form of the parameter `count`. */
export type Message = string | { readonly one: string; readonly other: string };

const locale = 'en';
const plurals = new Intl.PluralRules(locale);
const numbers = new Intl.NumberFormat(locale);

/** A function that looks a key up and fills in `{name}` places; numbers are written the language's way. */
export function catalogue<const M extends Readonly<Record<string, Message>>>(messages: M) {
  return (key: keyof M & string, params: Params = {}): string => {
    const message: Message = messages[key] ?? key;
    const text = typeof message === 'string' ? message : message[plurals.select(Number(params['count'])) === 'one' ? 'one' : 'other'];
    return text.replace(/\{(\w+)\}/g, (place, name: string) => {
      const value = params[name];
      if (value === undefined) return place;
      return typeof value === 'number' ? numbers.format(value) : value;
    });
  };
}

const dates = new Intl.DateTimeFormat(locale, { dateStyle: 'medium' });
const moments = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' });
const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });

const lists = new Intl.ListFormat(locale, { type: 'conjunction' });

/** "a digit, a symbol, and a capital letter" */
export const formatList = (items: readonly string[]): string => lists.format(items);
export const formatNumber = (value: number): string => numbers.format(value);
/** An ISO date, or milliseconds. */
type Moment = string | number;

export const formatDate = (iso: Moment): string => dates.format(new Date(iso));
export const formatMoment = (iso: Moment): string => moments.format(new Date(iso));

const STEPS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['minute', 60],
  ['hour', 24],
  ['day', 7],
];

/** "now", "3 minutes ago"; older than a week: the date. */
export function formatAgo(iso: Moment, now = Date.now()): string {
  let amount = (now - new Date(iso).getTime()) / 60_000;
  // Seconds would be wrong by the time they are read.
  if (Math.abs(amount) < 1) return relative.format(0, 'second');
  for (const [unit, size] of STEPS) {
    if (Math.abs(amount) < size) return relative.format(-Math.round(amount), unit);
    amount /= size;
  }
  return formatDate(iso);
}

const UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte'] as const;

export function formatBytes(bytes: number): string {
  const step = Math.min(UNITS.length - 1, bytes < 1 ? 0 : Math.floor(Math.log10(bytes) / 3));
  const unit = UNITS[step] ?? 'byte';
  return new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'short', maximumFractionDigits: 1 }).format(bytes / 1000 ** step);
}
