// Paths inside a workspace: 'guides/setup.md'. Folders exist because documents are in them.

export const MARKDOWN_FILE = /\.(?:md|markdown|mdown|mkd|mkdn|mdx)$/i;
const DEFAULT_EXTENSION = '.md';

export const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
/** '' for the top. */
export const parentPath = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));
export const joinPath = (folder: string, name: string): string => (folder ? `${folder}/${name}` : name);
/** Whether `path` is the folder itself or lies in it. */
export const isWithin = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`);

/** 'setup' for 'guides/setup.md': the usual extension says nothing, an unusual one does. */
export const displayName = (path: string): string => {
  const name = baseName(path);
  return name.length > DEFAULT_EXTENSION.length && name.endsWith(DEFAULT_EXTENSION) ? name.slice(0, -DEFAULT_EXTENSION.length) : name;
};

/** What somebody typed as a folder path, tidied: '/a//b/ ' gives 'a/b'. */
export function tidyPath(typed: string): string {
  return typed
    .replaceAll('\\', '/')
    .split('/')
    .map((part) => part.trim())
    .filter((part) => part !== '' && part !== '.')
    .join('/')
    .normalize('NFC');
}

/** What somebody typed as a document's path: tidied, with an extension. */
export function documentPath(typed: string): string {
  const path = tidyPath(typed);
  return path === '' || MARKDOWN_FILE.test(path) ? path : path + DEFAULT_EXTENSION;
}

/** Why the server would refuse this path, or undefined. */
export function pathProblem(path: string): 'empty' | 'dots' | 'long' | undefined {
  if (path === '') return 'empty';
  if (path.split('/').includes('..')) return 'dots';
  return path.length > 1000 ? 'long' : undefined;
}

/** 'setup 2.md' when 'setup.md' is taken, and so on. */
export function freePath(path: string, taken: ReadonlySet<string>): string {
  if (!taken.has(path)) return path;
  const [, stem = path, extension = ''] = /^(.*?)(\.[^./]*)?$/s.exec(path) ?? [];
  for (let count = 2; ; count++) {
    const next = `${stem} ${count}${extension}`;
    if (!taken.has(next)) return next;
  }
}
