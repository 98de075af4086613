// What was dropped or picked, as plain files with paths. Reading waits until a file's turn comes.

export interface SourceFile {
  readonly path: string;
  readonly size: number;
  readonly read: () => Promise<Uint8Array>;
}

export interface Collected {
  readonly files: readonly SourceFile[];
  /** Folders not looked into. */
  readonly passedOver: readonly string[];
}

/** Folders inside a dropped one that hold other people's files by the thousand. */
const PASSED_OVER = new Set(['.git', 'node_modules']);

const fromFile = (file: File, path: string): SourceFile => ({ path, size: file.size, read: async () => new Uint8Array(await file.arrayBuffer()) });

/** Has to be called inside the drop event: afterwards the browser has forgotten the entries. */
export function takeEntries(transfer: DataTransfer): readonly FileSystemEntry[] {
  return [...transfer.items].flatMap((item) => item.webkitGetAsEntry() ?? []);
}

const readFile = (entry: FileSystemFileEntry): Promise<File> => new Promise((resolve, reject) => entry.file(resolve, reject));

async function readFolder(entry: FileSystemDirectoryEntry): Promise<readonly FileSystemEntry[]> {
  const reader = entry.createReader();
  const all: FileSystemEntry[] = [];
  // A reader gives at most a hundred at a time, and an empty list at the end.
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return all;
    all.push(...some);
  }
}

export async function collectEntries(entries: readonly FileSystemEntry[], onFound: (count: number) => void, signal: AbortSignal): Promise<Collected> {
  const files: SourceFile[] = [];
  const passedOver: string[] = [];
  const walk = async (entry: FileSystemEntry, top: boolean): Promise<void> => {
    signal.throwIfAborted();
    const path = entry.fullPath.replace(/^\//, '');
    if (entry.isFile) {
      files.push(fromFile(await readFile(entry as FileSystemFileEntry), path));
      if (files.length % 100 === 0) onFound(files.length);
    } else if (!top && PASSED_OVER.has(entry.name)) {
      passedOver.push(`${path}/`);
    } else {
      for (const child of await readFolder(entry as FileSystemDirectoryEntry)) await walk(child, false);
    }
  };
  for (const entry of entries) await walk(entry, true);
  onFound(files.length);
  return { files, passedOver };
}

export function collectPicked(list: readonly File[]): Collected {
  const files: SourceFile[] = [];
  const passedOver = new Set<string>();
  for (const file of list) {
    const path = file.webkitRelativePath || file.name;
    const parts = path.split('/');
    const at = parts.findIndex((part, index) => index > 0 && index < parts.length - 1 && PASSED_OVER.has(part));
    if (at > 0) passedOver.add(`${parts.slice(0, at + 1).join('/')}/`);
    else files.push(fromFile(file, path));
  }
  return { files, passedOver: [...passedOver] };
}
