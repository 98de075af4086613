import { useEffect, useState } from 'react';
import { headingsOf, type Heading } from '@/core/render';
import type { Replica } from '@/core/sync';
import { IconButton } from '@/ui/Button';
import { t } from './strings';

const UPDATE_MS = 400;

function useHeadings(replica: Replica): readonly Heading[] {
  const [headings, setHeadings] = useState<readonly Heading[]>(() => headingsOf(replica.text.toJSON()));
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const read = (): void => {
      timer = undefined;
      setHeadings(headingsOf(replica.text.toJSON()));
    };
    const changed = (): void => {
      timer ??= setTimeout(read, UPDATE_MS);
    };
    replica.text.observe(changed);
    return () => {
      clearTimeout(timer);
      replica.text.unobserve(changed);
    };
  }, [replica]);
  return headings;
}

interface OutlineProps {
  replica: Replica;
  onGo: (heading: Heading) => void;
  onClose: () => void;
}

export function Outline({ replica, onGo, onClose }: OutlineProps) {
  const headings = useHeadings(replica);
  const top = Math.min(...headings.map(({ level }) => level));
  return (
    <nav className="doc-outline" aria-label={t('outline.title')}>
      <div className="doc-outline-head">
        <h2>{t('outline.title')}</h2>
        <IconButton icon="x" label={t('outline.close')} onClick={onClose} />
      </div>
      {headings.length === 0 && <p className="doc-outline-empty">{t('outline.empty')}</p>}
      <ul>
        {headings.map((heading) => (
          <li key={`${heading.slug} ${heading.line}`} data-depth={Math.min(4, heading.level - top)}>
            <button type="button" onClick={() => onGo(heading)}>
              <bdi>{heading.text}</bdi>
            </button>
          </li>
        ))}
      </ul>
    </nav>
  );
}
