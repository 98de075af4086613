import { useMemo } from 'react';
import type { Action } from '@/lib/actions';
import { useActions } from '@/ui/hooks';
import type { Mode } from './modes';
import { t } from './strings';

export interface DocumentActions {
  modes: readonly Mode[];
  mode: Mode;
  setMode: (mode: Mode) => void;
  toggleOutline: () => void;
  writable: boolean;
}

/** What the palette and the `?` dialog offer while a document is open. */
export function useDocumentActions({ modes, mode, setMode, toggleOutline, writable }: DocumentActions): void {
  const actions = useMemo(() => {
    const group = t('group.document');
    const go = (next: Mode) => () => setMode(next);
    const list: Action[] = [
      {
        id: 'mode-read',
        label: t('mode.toggle_read'),
        group,
        shortcut: 'Mod+Shift+E',
        keywords: 'preview view mode',
        run: () => setMode(mode !== 'read' ? 'read' : writable ? 'edit' : 'source'),
      },
      { id: 'mode-source', label: t('mode.source_long'), group, shortcut: 'Mod+Shift+U', keywords: 'view mode', run: go('source') },
      { id: 'outline', label: t('menu.outline'), group, shortcut: 'Mod+Shift+O', keywords: 'headings contents', run: toggleOutline },
    ];
    if (modes.includes('split')) {
      list.push({ id: 'mode-split', label: t('mode.split_long'), group, shortcut: 'Mod+Shift+D', keywords: 'view mode', run: go('split') });
    }
    return writable ? [...list, ...editingKeys()] : list;
  }, [modes, mode, setMode, toggleOutline, writable]);
  useActions(actions);
}

/** The editor binds these itself; here they are only listed. */
function editingKeys(): Action[] {
  const listed = (id: string, label: string, shortcut: string): Action => ({
    id: `key-${id}`,
    label,
    group: t('group.editing'),
    shortcut,
    passive: true,
    hidden: true,
    run: () => undefined,
  });
  return [
    listed('bold', t('toolbar.bold'), 'Mod+B'),
    listed('italic', t('toolbar.italic'), 'Mod+I'),
    listed('code', t('toolbar.code'), 'Mod+E'),
    listed('strike', t('toolbar.strike'), 'Mod+Shift+X'),
    listed('link', t('toolbar.link'), 'Mod+Shift+K'),
    listed('task', t('toolbar.task'), 'Mod+Enter'),
    listed('heading', t('toolbar.heading'), 'Mod+Alt+1'),
    listed('tab', t('keys.tab'), 'Tab'),
    listed('move', t('keys.move'), 'Alt+ArrowUp'),
    listed('find', t('keys.find'), 'Mod+F'),
    listed('undo', t('toolbar.undo'), 'Mod+Z'),
    listed('redo', t('toolbar.redo'), 'Mod+Shift+Z'),
    listed('leave', t('keys.leave'), 'Escape'),
  ];
}
