// One import at a time: reads, sends in calls, counts. It lives outside the page's components, so that
// closing its dialog does not stop it.
import { api, ApiError, OfflineError } from '@/lib/api';
import { describeError } from '@/lib/problem';
import type { ServerConfig } from '@/lib/types';
import { queryClient } from '@/ui/query';
import { collectEntries, collectPicked, type Collected, type SourceFile } from './entries';
import { batches, decode, planImport, type Planned, type Skipped } from './plan';
import { isZip, readZip } from './zip';

export type ItemStatus = 'created' | 'updated' | 'unchanged' | 'kept' | 'refused';

interface ItemAnswer {
  readonly path: string;
  readonly status: ItemStatus;
  readonly detail?: string | null;
  readonly id?: string | null;
}

export interface ImportState {
  readonly phase: 'reading' | 'sending' | 'done' | 'cancelled' | 'failed';
  readonly workspaceId: string;
  /** Files met while reading. */
  readonly found: number;
  readonly total: number;
  readonly sent: number;
  readonly counts: Readonly<Record<ItemStatus, number>>;
  readonly kept: readonly Planned[];
  readonly refused: readonly { readonly path: string; readonly detail: string }[];
  readonly skipped: readonly Skipped[];
  /** What the server takes as one document. */
  readonly maxBytes: number;
  /** Where reading best begins: the outermost README, or else the outermost document. */
  readonly first: { readonly id: string; readonly path: string } | undefined;
  /** Why it failed, in words. */
  readonly reason?: string;
}

export type ImportSource = { readonly entries: readonly FileSystemEntry[] } | { readonly files: readonly File[] };

const RETRIES = 5;
const FIRST_WAIT_MS = 1_000;
const NO_COUNTS = { created: 0, updated: 0, unchanged: 0, kept: 0, refused: 0 };

let state: ImportState | undefined;
let controller = new AbortController();
const listeners = new Set<() => void>();

export const importState = (): ImportState | undefined => state;

export function onImportChange(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function update(part: Partial<ImportState>): void {
  if (!state) return;
  state = { ...state, ...part };
  listeners.forEach((listener) => listener());
}

export const importRuns = (): boolean => state?.phase === 'reading' || state?.phase === 'sending';

export function cancelImport(): void {
  controller.abort();
}

const wait = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    });
  });

const mayPass = (error: unknown): boolean => error instanceof OfflineError || (error instanceof ApiError && (error.status === 429 || error.status >= 500));

/** Sending the same documents again changes nothing, so whatever may pass is tried again. */
async function sendBatch(workspaceId: string, documents: readonly { path: string; content: string }[], overwrite: boolean, signal: AbortSignal) {
  for (let attempt = 0; ; attempt++) {
    try {
      const { items } = await api.post<{ items: readonly ItemAnswer[] }>(`/api/workspaces/${workspaceId}/import`, { documents, overwrite }, signal);
      return items;
    } catch (error) {
      if (attempt >= RETRIES || !mayPass(error)) throw error;
      const asked = error instanceof ApiError && error.retryAfter !== undefined ? error.retryAfter * 1000 : 0;
      await wait(Math.max(asked, FIRST_WAIT_MS * 2 ** attempt), signal);
    }
  }
}

const depthOf = (path: string): number => path.split('/').length;
const isStart = (path: string): boolean => /(^|\/)(readme|index)\.[^/]*$/i.test(path);

/** Whether one would rather begin with `path`; of two alike, with the one that was there first. */
function comesBefore(path: string, other: string): boolean {
  const depth = depthOf(path) - depthOf(other);
  return depth !== 0 ? depth < 0 : isStart(path) && !isStart(other);
}

/** The answers come in the order of what was sent. */
function account(items: readonly ItemAnswer[], batch: readonly Planned[]): void {
  if (!state) return;
  const counts = { ...state.counts };
  const refused = [...state.refused];
  const kept = [...state.kept];
  let { first } = state;
  items.forEach(({ path, status, detail, id }, index) => {
    counts[status] += 1;
    if (typeof id === 'string' && (!first || comesBefore(path, first.path))) first = { id, path };
    if (status === 'refused') refused.push({ path, detail: detail ?? '' });
    const planned = batch[index];
    if (status === 'kept' && planned) kept.push(planned);
  });
  update({ counts, refused, kept, first });
}

async function send(planned: readonly Planned[], overwrite: boolean, signal: AbortSignal): Promise<void> {
  if (!state) return;
  const { workspaceId } = state;
  update({ phase: 'sending', total: planned.length, sent: 0 });
  let sent = 0;
  for (const batch of batches(planned)) {
    const texts = await Promise.all(batch.map(async ({ file }) => decode(await file.read())));
    signal.throwIfAborted();
    const unreadable = batch.filter((_, index) => texts[index] === undefined);
    if (unreadable.length > 0) update({ skipped: [...state.skipped, ...unreadable.map(({ path }): Skipped => ({ path, reason: 'not_utf8' }))] });
    const readable = batch.filter((_, index) => texts[index] !== undefined);
    const documents = batch.flatMap(({ path }, index) => texts[index] === undefined ? [] : [{ path, content: texts[index] }]);
    if (documents.length > 0) account(await sendBatch(workspaceId, documents, overwrite, signal), readable);
    sent += batch.length;
    update({ sent });
  }
}

async function expandArchives(files: readonly SourceFile[], maxBytes: number, signal: AbortSignal): Promise<readonly SourceFile[]> {
  const all: SourceFile[] = [];
  for (const file of files) {
    if (isZip(file.path)) all.push(...(await readZip(await file.read(), maxBytes, signal)));
    else all.push(file);
  }
  return all;
}

const collect = (source: ImportSource, signal: AbortSignal): Promise<Collected> =>
  'files' in source ? Promise.resolve(collectPicked(source.files)) : collectEntries(source.entries, (found) => update({ found }), signal);

async function run(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  controller = new AbortController();
  const { signal } = controller;
  try {
    await work(signal);
    update({ phase: 'done' });
  } catch (error) {
    if (signal.aborted) update({ phase: 'cancelled' });
    else update({ phase: 'failed', reason: describeError(error) });
  }
  if (state) void queryClient.invalidateQueries({ queryKey: ['documents', state.workspaceId] });
}

/** Imports what was dropped or picked below `folder` of the workspace. False while another one runs: this one is not begun. */
export function startImport(workspaceId: string, folder: string, source: ImportSource): boolean {
  if (importRuns()) return false;
  state = { phase: 'reading', workspaceId, found: 0, total: 0, sent: 0, counts: NO_COUNTS, kept: [], refused: [], skipped: [], maxBytes: 0, first: undefined };
  listeners.forEach((listener) => listener());
  void run(async (signal) => {
    const [{ files, passedOver }, config] = await Promise.all([collect(source, signal), api.get<ServerConfig>('/api/config', signal)]);
    const expanded = await expandArchives(files, config.max_document_bytes, signal);
    const plan = planImport(expanded, folder, config.max_document_bytes);
    update({ found: expanded.length, maxBytes: config.max_document_bytes, skipped: [...passedOver.map((path): Skipped => ({ path, reason: 'folder' })), ...plan.skipped] });
    await send(plan.planned, false, signal);
  });
  return true;
}

/** Sends once more what was kept because it had been edited here, this time replacing it. */
export function replaceKept(): void {
  if (!state || importRuns()) return;
  const { kept, counts } = state;
  update({ kept: [], counts: { ...counts, kept: 0 } });
  void run((signal) => send(kept, true, signal));
}
