import { Avatar } from '@/ui/parts';
import { t } from './strings';
import type { Person } from './use-people';

interface PeopleProps {
  people: readonly Person[];
  shown: number;
  followed: number | null;
  onFollow: (person: Person | null) => void;
}

/** Who is here; a click goes along with them. */
export function People({ people, shown, followed, onFollow }: PeopleProps) {
  if (people.length === 0) return null;
  const rest = people.length - shown;
  return (
    <ul className="doc-people" aria-label={t('people.here', { count: people.length })}>
      {people.slice(0, shown).map((person) => {
        const active = person.client === followed;
        const label = t(active ? 'people.unfollow' : 'people.follow', { name: person.name });
        return (
          <li key={person.userId}>
            <button type="button" className="doc-person" aria-pressed={active} aria-label={label} title={label} onClick={() => onFollow(active ? null : person)}>
              <Avatar id={person.userId} name={person.name} />
            </button>
          </li>
        );
      })}
      {rest > 0 && <li className="doc-people-more">{t('people.more', { count: rest })}</li>}
    </ul>
  );
}
