// Pure: from a flat list of paths to the rows one sees. Sorting waits until a folder is opened, so
// that a workspace of thousands costs little before anybody looks.
import type { DocumentInfo } from '@/lib/types';

export interface DocumentNode {
  readonly kind: 'document';
  readonly path: string;
  readonly name: string;
  readonly document: DocumentInfo;
}

export interface FolderNode {
  readonly kind: 'folder';
  readonly path: string;
  readonly name: string;
  readonly folders: Map<string, FolderNode>;
  readonly documents: DocumentNode[];
  sorted?: readonly TreeNode[];
}

export type TreeNode = DocumentNode | FolderNode;

export interface Row {
  readonly node: TreeNode;
  /** 1 at the top, as aria-level counts. */
  readonly level: number;
  readonly position: number;
  readonly siblings: number;
  readonly open: boolean;
}

const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

const emptyFolder = (path: string, name: string): FolderNode => ({ kind: 'folder', path, name, folders: new Map(), documents: [] });

export function buildTree(documents: readonly DocumentInfo[]): FolderNode {
  const root = emptyFolder('', '');
  const folders = new Map<string, FolderNode>([['', root]]);

  const folderAt = (path: string): FolderNode => {
    const known = folders.get(path);
    if (known) return known;
    const cut = path.lastIndexOf('/');
    const parent = folderAt(cut < 0 ? '' : path.slice(0, cut));
    const folder = emptyFolder(path, path.slice(cut + 1));
    parent.folders.set(folder.name, folder);
    folders.set(path, folder);
    return folder;
  };

  for (const document of documents) {
    const cut = document.path.lastIndexOf('/');
    const folder = folderAt(cut < 0 ? '' : document.path.slice(0, cut));
    folder.documents.push({ kind: 'document', path: document.path, name: document.path.slice(cut + 1), document });
  }
  return root;
}

const byName = (a: TreeNode, b: TreeNode): number => collator.compare(a.name, b.name) || (a.name < b.name ? -1 : 1);

function childrenOf(folder: FolderNode): readonly TreeNode[] {
  folder.sorted ??= [...[...folder.folders.values()].sort(byName), ...folder.documents.sort(byName)];
  return folder.sorted;
}

/** The rows in sight when the folders in `open` are open. */
export function visibleRows(root: FolderNode, open: ReadonlySet<string>): readonly Row[] {
  const rows: Row[] = [];
  const walk = (folder: FolderNode, level: number): void => {
    const children = childrenOf(folder);
    children.forEach((node, index) => {
      const isOpen = node.kind === 'folder' && open.has(node.path);
      rows.push({ node, level, position: index + 1, siblings: children.length, open: isOpen });
      if (isOpen) walk(node, level + 1);
    });
  };
  walk(root, 1);
  return rows;
}

/** Every folder's path, sorted, for the Move dialog. */
export function folderPaths(documents: readonly DocumentInfo[]): readonly string[] {
  const paths = new Set<string>();
  for (const { path } of documents) {
    for (let cut = path.lastIndexOf('/'); cut > 0; cut = path.lastIndexOf('/', cut - 1)) {
      const folder = path.slice(0, cut);
      if (paths.has(folder)) break;
      paths.add(folder);
    }
  }
  return [...paths].sort(collator.compare);
}

/** The folders that must be open for `path` to be in sight. */
export function ancestors(path: string): readonly string[] {
  const found: string[] = [];
  for (let cut = path.indexOf('/'); cut > 0; cut = path.indexOf('/', cut + 1)) found.push(path.slice(0, cut));
  return found;
}

/** The row that typing `prefix` goes to: the next one after `from` whose name starts so. */
export function findByPrefix(rows: readonly Row[], prefix: string, from: number): number {
  const wanted = prefix.toLocaleLowerCase();
  for (let step = 1; step <= rows.length; step++) {
    const index = (from + step) % rows.length;
    if (rows[index]?.node.name.toLocaleLowerCase().startsWith(wanted)) return index;
  }
  return -1;
}
