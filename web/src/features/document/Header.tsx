import type { DocumentSession } from '@/core/sync';
import { displayName, parentPath } from '@/lib/paths';
import { Button, IconButton } from '@/ui/Button';
import { Menu, type MenuItem } from '@/ui/Menu';
import { ModeSwitch } from './ModeSwitch';
import type { Mode } from './modes';
import { People } from './People';
import { StateLine } from './StateLine';
import { t } from './strings';
import type { Person } from './use-people';

interface HeaderProps {
  path: string;
  session: DocumentSession;
  people: readonly Person[];
  followed: number | null;
  onFollow: (person: Person | null) => void;
  modes: readonly Mode[];
  mode: Mode;
  onMode: (mode: Mode) => void;
  phone: boolean;
  menu: () => readonly MenuItem[];
  /** Absent for whoever cannot, and where it is in the menu. */
  share: (() => void) | undefined;
}

export function Header({ path, session, people, followed, onFollow, modes, mode, onMode, phone, menu, share }: HeaderProps) {
  const folders = parentPath(path).split('/').filter(Boolean);
  return (
    <header className="doc-header">
      <div className="doc-place">
        {!phone && folders.length > 0 && (
          <span className="doc-folders" title={parentPath(path)}>
            {folders.map((folder, index) => (
              <span key={`${index} ${folder}`}>
                <bdi>{folder}</bdi>
                <span aria-hidden="true">/</span>
              </span>
            ))}
          </span>
        )}
        <h1 className="doc-name" title={path}>
          <bdi>{displayName(path)}</bdi>
        </h1>
      </div>
      <StateLine session={session} />
      <People people={people} shown={phone ? 2 : 5} followed={followed} onFollow={onFollow} />
      {share && (
        <Button icon="people" onClick={share}>
          {t('menu.share')}
        </Button>
      )}
      <ModeSwitch modes={modes} mode={mode} compact={phone} onChange={onMode} />
      <Menu label={t('menu.more')} items={menu}>
        {(trigger) => <IconButton icon="more" label={t('menu.more')} {...trigger} />}
      </Menu>
    </header>
  );
}
