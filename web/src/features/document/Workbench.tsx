import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { Heading } from '@/core/render';
import type { DocumentSession } from '@/core/sync';
import { useDocuments } from '@/features/tree';
import { listActions } from '@/lib/actions';
import { downloadText } from '@/lib/download';
import { isFresh, takeFresh } from '@/lib/fresh';
import type { User } from '@/lib/types';
import { leaveFocus } from '@/ui/focus-return';
import { useIsPhone } from '@/ui/hooks';
import type { MenuItem } from '@/ui/Menu';
import { Banners, copyWithToast } from './Banners';
import { EditorPane } from './EditorPane';
import { Header } from './Header';
import { modesFor, useMode, type Mode } from './modes';
import { Outline } from './Outline';
import { PreviewPane } from './PreviewPane';
import { t } from './strings';
import { Toolbar } from './Toolbar';
import { useDocumentActions } from './use-actions';
import { useFocusOnText } from './use-focus-on-text';
import { useKeyboardInset } from './use-keyboard-inset';
import { useLinks } from './use-links';
import { usePanes } from './use-panes';
import { lineOfPeer, usePeople, type Person } from './use-people';
import { useObservable } from './use-session';
import { useWordCount } from './use-word-count';

interface WorkbenchProps {
  session: DocumentSession;
  workspaceId: string;
  path: string;
  writable: boolean;
  me: User;
  /** May let others in. */
  owner: boolean;
  /** The text the server sent, while the shared one has not arrived. */
  standIn: string | undefined;
}

export function Workbench({ session, workspaceId, path: storedPath, writable, me, owner, standIn }: WorkbenchProps) {
  const phone = useIsPhone();
  const replica = useObservable(session.replica);
  const { data: documents } = useDocuments(workspaceId);
  const path = documents?.find(({ id }) => id === session.documentId)?.path ?? storedPath;
  const people = usePeople(session, me.id);
  const words = useWordCount(replica, standIn === undefined);
  const modes = useMemo(() => modesFor(writable, phone), [writable, phone]);
  const [chosen, choose] = useMode(modes, writable, isFresh(session.documentId));
  // What cannot be edited yet is read meanwhile.
  const mode: Mode = standIn === undefined ? chosen : 'read';
  const [outline, setOutline] = useState(false);
  const [followed, setFollowed] = useState<number | null>(null);
  const panes = usePanes();
  const root = useRef<HTMLDivElement>(null);
  const keepFocus = useFocusOnText(panes, mode, phone);
  useKeyboardInset(root, phone);

  const setMode = useCallback(
    (next: Mode) => {
      panes.keepPlace();
      keepFocus();
      choose(next);
    },
    [panes, keepFocus, choose],
  );
  const toggleOutline = useCallback(() => {
    if (!outline) leaveFocus();
    setOutline(!outline);
  }, [outline]);
  const goToFragment = useCallback((fragment: string) => panes.goToFragment(fragment, replica), [panes, replica]);
  const links = useLinks({ workspaceId, path, documents, writable, goToFragment });
  const onFollow = (person: Person | null): void => {
    if (panes.editor) panes.editor.follow(person?.client ?? null);
    else if (person) {
      const line = lineOfPeer(replica, person.client);
      if (line !== null) panes.goToLine(line);
    }
  };
  const onOutline = (heading: Heading): void => {
    panes.goToHeading(heading);
    if (phone) setOutline(false);
  };

  const { restorePlace } = panes;
  // Not a layout effect: those run before the new panes are there.
  useEffect(() => restorePlace(), [mode, restorePlace]);
  useEffect(() => {
    if (panes.editor && takeFresh(session.documentId)) panes.editor.view.focus();
  }, [panes.editor, session]);
  useAnchorFromAddress(standIn === undefined, goToFragment);
  useDocumentActions({ modes, mode, setMode, toggleOutline, writable });

  const text = (): string => standIn ?? replica.text.toJSON();
  const menu = (): readonly MenuItem[] => [
    ...(phone && owner ? offered('members', { label: t('menu.share'), icon: 'people' }) : []),
    { label: t('menu.outline'), checked: outline, shortcut: 'Mod+Shift+O', run: toggleOutline },
    ...(mode === 'read' ? [] : [{ label: t('menu.find'), icon: 'search' as const, shortcut: 'Mod+F', run: () => panes.editor?.toggleSearch() }]),
    { label: t('menu.copy'), icon: 'copy', separated: true, run: () => void copyWithToast(text()) },
    { label: t('menu.download'), icon: 'download', run: () => downloadText(path, text()) },
    ...offered('rename-document', { icon: 'pencil', separated: true }),
    ...offered('move-document', { icon: 'move' }),
    ...offered('delete-document', { icon: 'trash', danger: true }),
  ];

  return (
    <div className="doc" ref={root} data-mode={mode}>
      <Header
        path={path}
        session={session}
        people={people}
        followed={followed}
        onFollow={onFollow}
        modes={modes}
        mode={mode}
        onMode={setMode}
        phone={phone}
        menu={menu}
        share={owner && !phone ? offered('members')[0]?.run : undefined}
      />
      <Banners session={session} />
      <div className="doc-body">
        <div className="doc-panes">
          {mode !== 'read' && (
            <EditorPane
              replica={replica}
              live={mode === 'edit'}
              readOnly={!writable}
              onReady={panes.setEditor}
              onScroll={panes.editorScrolled}
              onFollow={setFollowed}
              links={links}
            />
          )}
          {(mode === 'read' || mode === 'split') && (
            <PreviewPane
              replica={replica}
              standIn={standIn}
              writable={writable && standIn === undefined}
              label={t('mode.read')}
              onReady={panes.setPreview}
              onScroll={panes.previewScrolled}
              links={links}
            />
          )}
        </div>
        {outline && <Outline replica={replica} onGo={onOutline} onClose={() => setOutline(false)} />}
      </div>
      <footer className="doc-foot">{words !== null && <span>{t('words', { count: words })}</span>}</footer>
      {phone && writable && mode !== 'read' && panes.editor && <Toolbar editor={panes.editor} />}
    </div>
  );
}

/** What the frame around can do, as an item of the menu here; nothing where it cannot. */
function offered(id: string, looks: Partial<MenuItem> = {}): readonly MenuItem[] {
  const action = listActions().find((one) => one.id === id);
  return action ? [{ label: action.label, shortcut: action.shortcut, run: action.run, ...looks }] : [];
}

/** `#setup` in the address leads to that heading: once the text is there, and when the address changes. */
function useAnchorFromAddress(ready: boolean, go: (fragment: string) => void): void {
  const done = useRef(false);
  useEffect(() => {
    if (!ready) return;
    const follow = (): void => {
      // After the panes have drawn the text.
      if (location.hash.length > 1) requestAnimationFrame(() => go(location.hash.slice(1)));
    };
    if (!done.current) follow();
    done.current = true;
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }, [ready, go]);
}
