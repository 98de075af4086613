/** YAML between two lines of dashes at the very start of a document. */
const SHAPE = /^---[ \t]*\r?\n(?:[^\n]*\n)*?(?:---|\.\.\.)[ \t]*\r?(?=\n|$)/;

/** Longer than this it is no front matter, and looking for its end would be slow. */
export const FRONT_MATTER_LIMIT = 20_000;

/** The length of the front matter, 0 without one; the line break after it is not counted. */
export function frontMatterLength(text: string): number {
  if (!text.startsWith('---')) return 0;
  return SHAPE.exec(text.slice(0, FRONT_MATTER_LIMIT))?.[0].length ?? 0;
}
