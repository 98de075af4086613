import { Link } from 'wouter';
import { pickImport } from '@/features/transfer';
import type { Documents, TreeCommands } from '@/features/tree';
import { formatAgo } from '@/lib/i18n';
import { displayName, parentPath } from '@/lib/paths';
import { t } from '@/lib/strings';
import type { Workspace } from '@/lib/types';
import { Button } from '@/ui/Button';
import { useIsPhone } from '@/ui/hooks';
import { EmptyState, Skeleton } from '@/ui/parts';

const SHOWN = 12;

interface WorkspaceHomeProps {
  workspace: Workspace;
  documents: Documents | undefined;
  editable: boolean;
  commands: TreeCommands;
}

/** What one sees before a document is open: what changed last, or how to begin. */
export function WorkspaceHome({ workspace, documents, editable, commands }: WorkspaceHomeProps) {
  const phone = useIsPhone();
  if (!documents) return <Skeleton />;
  if (documents.length === 0) {
    return (
      <div className="home-empty">
        {editable ? (
          <div className={phone ? 'home-drop home-drop-phone' : 'home-drop'}>
            {phone ? (
              <EmptyState title={t('home.empty_reader')} text={t('home.empty_phone')}>
                <Button kind="primary" icon="plus" onClick={() => commands.create()}>
                  {t('home.first')}
                </Button>
                <Button icon="upload" onClick={() => pickImport(workspace.id, 'files')}>
                  {t('import.files')}
                </Button>
              </EmptyState>
            ) : (
              <EmptyState title={t('home.empty')} text={t('home.empty_text')}>
                <Button kind="primary" icon="folder" onClick={() => pickImport(workspace.id, 'folder')}>
                  {t('home.choose')}
                </Button>
                <Button icon="plus" onClick={() => commands.create()}>
                  {t('home.first')}
                </Button>
              </EmptyState>
            )}
          </div>
        ) : (
          <EmptyState title={t('home.empty_reader')} text={t('home.empty_reader_text')} />
        )}
      </div>
    );
  }
  const latest = [...documents].sort((a, b) => (a.updated_at < b.updated_at ? 1 : -1)).slice(0, SHOWN);
  return (
    <div className="home">
      <h1>{workspace.name}</h1>
      <h2>{t('home.latest')}</h2>
      <ul>
        {latest.map(({ id, path, updated_at: updated }) => (
          <li key={id}>
            <Link className="home-document" href={`/w/${workspace.id}/d/${id}`}>
              <bdi className="home-name">{displayName(path)}</bdi>
              <bdi className="home-folder">{parentPath(path)}</bdi>
              <span className="home-when">{formatAgo(updated)}</span>
            </Link>
          </li>
        ))}
      </ul>
    </div>
  );
}
