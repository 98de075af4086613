import type { Action } from '@/lib/actions';
import { displayName, documentPath, parentPath, pathProblem } from '@/lib/paths';
import type { DocumentInfo, Workspace } from '@/lib/types';
import type { IconName } from '@/ui/Icon';
import { rank } from './rank';
import { tp } from './strings';

const DOCUMENTS_SHOWN = 20;
const RECENT_SHOWN = 6;

export interface Entry {
  readonly key: string;
  readonly section: string;
  readonly icon?: IconName;
  readonly label: string;
  readonly note?: string;
  readonly shortcut?: string | undefined;
  readonly run: () => void;
}

export interface Sources {
  readonly documents: readonly DocumentInfo[];
  readonly recent: readonly string[];
  readonly actions: readonly Action[];
  readonly workspaces: readonly Workspace[];
  readonly openDocument: (id: string) => void;
  readonly openWorkspace: (id: string) => void;
  /** Absent for whoever may not create documents here. */
  readonly create?: ((path: string) => void) | undefined;
}

interface Named<T> {
  readonly path: string;
  readonly title: string;
  readonly value: T;
}

const named = <T>(items: readonly T[], title: (item: T) => string, words: (item: T) => string = () => ''): readonly Named<T>[] =>
  items.map((value) => ({ path: title(value), title: words(value), value }));

/** What the palette lists for a query. */
export function paletteEntries(query: string, sources: Sources): readonly Entry[] {
  const commandsOnly = query.startsWith('>');
  const words = (commandsOnly ? query.slice(1) : query).trim();

  const document = (section: string) => (item: DocumentInfo): Entry => ({
    key: item.id,
    section,
    icon: 'document',
    label: displayName(item.path),
    note: parentPath(item.path),
    run: () => sources.openDocument(item.id),
  });
  const command = (action: Action): Entry => ({
    key: action.id,
    section: tp('commands'),
    label: action.label,
    shortcut: action.shortcut,
    run: action.run,
  });
  const workspace = (item: Workspace): Entry => ({ key: item.id, section: tp('workspaces'), icon: 'people', label: item.name, run: () => sources.openWorkspace(item.id) });

  const actions = sources.actions.filter(({ hidden, passive }) => !hidden && !passive);
  if (words === '') {
    if (commandsOnly) return actions.map(command);
    const known = new Map(sources.documents.map((item) => [item.id, item]));
    const recent = sources.recent.flatMap((id) => known.get(id) ?? []).slice(0, RECENT_SHOWN);
    return [...recent.map(document(tp('recent'))), ...actions.map(command), ...sources.workspaces.map(workspace)];
  }

  const commands = rank(named(actions, ({ label }) => label, ({ keywords = '' }) => keywords), words, 20).map(({ item }) => command(item.value));
  if (commandsOnly) return commands;
  const documents = rank(sources.documents, words, DOCUMENTS_SHOWN);
  const workspaces = rank(named(sources.workspaces, ({ name }) => name), words, 5).map(({ item }) => workspace(item.value));
  const path = documentPath(words);
  const canCreate = sources.create && documents.length === 0 && commands.length === 0 && pathProblem(path) === undefined;
  const create: Entry[] = canCreate ? [{ key: 'create', section: tp('commands'), icon: 'plus', label: tp('create', { path }), run: () => sources.create?.(path) }] : [];
  return [...documents.map(({ item }) => document(tp('documents'))(item)), ...commands, ...workspaces, ...create];
}
