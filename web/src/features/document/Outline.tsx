import { useEffect, useRef, useState } from 'react';
import { headingsLater, headingsOf, isLong, type Heading } from '@/core/render';
import type { Replica } from '@/core/sync';
import { IconButton } from '@/ui/Button';
import { useFocusInside } from '@/ui/focus-return';
import { t } from './strings';

const UPDATE_MS = 400;

/** null until the headings of a long document were found first. */
function useHeadings(replica: Replica): readonly Heading[] | null {
  const [headings, setHeadings] = useState<readonly Heading[] | null>(() => {
    const text = replica.text.toJSON();
    return isLong(text) ? null : headingsOf(text);
  });
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let gone = false;
    const read = (): void => {
      timer = undefined;
      void headingsLater(replica.text.toJSON()).then((found) => !gone && setHeadings(found));
    };
    const changed = (): void => {
      timer ??= setTimeout(read, UPDATE_MS);
    };
    read();
    replica.text.observe(changed);
    return () => {
      gone = true;
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
  const panel = useRef<HTMLElement>(null);
  useFocusInside(panel);
  const top = (headings ?? []).reduce((least, { level }) => Math.min(least, level), 6);
  return (
    <nav ref={panel} className="doc-outline" aria-label={t('outline.title')} onKeyDown={({ key }) => key === 'Escape' && onClose()}>
      <div className="doc-outline-head">
        <h2>{t('outline.title')}</h2>
        <IconButton icon="x" label={t('outline.close')} onClick={onClose} />
      </div>
      {headings?.length === 0 && <p className="doc-outline-empty">{t('outline.empty')}</p>}
      <ul>
        {headings?.map((heading) => (
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
