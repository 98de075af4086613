import { t } from '@/lib/strings';
import { Dialog } from '@/ui/Dialog';
import { useActionList } from '@/ui/hooks';
import { Kbd } from '@/ui/parts';
import './shortcuts.css';

/** What no action stands for, because the tree handles its own keys. */
const TREE_KEYS = [
  ['ArrowUp', 'shortcuts.tree_move'],
  ['Enter', 'shortcuts.tree_open'],
  ['F2', 'tree.rename'],
  ['Delete', 'tree.delete'],
] as const;

export default function ShortcutsDialog({ onClose }: { onClose: () => void }) {
  const actions = useActionList();
  const groups = new Map<string, { label: string; shortcut: string }[]>();
  for (const { group, label, shortcut } of actions) {
    if (shortcut === undefined) continue;
    const list = groups.get(group) ?? [];
    if (!list.some((other) => other.shortcut === shortcut)) list.push({ label, shortcut });
    groups.set(group, list);
  }
  groups.set(
    t('tree.label'),
    TREE_KEYS.map(([shortcut, key]) => ({ shortcut, label: t(key) })),
  );
  return (
    <Dialog open onClose={onClose} width="wide" title={t('shortcuts.title')}>
      <div className="shortcuts">
        {[...groups].map(([group, list]) => (
          <section key={group}>
            <h3>{group}</h3>
            <dl>
              {list.map(({ label, shortcut }) => (
                <div key={shortcut}>
                  <dt>{label}</dt>
                  <dd>
                    <Kbd shortcut={shortcut} />
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
