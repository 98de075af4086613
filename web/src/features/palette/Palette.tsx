import { Dialog as Base } from '@base-ui/react/dialog';
import { useMemo, useState } from 'react';
import { givesFocusBack, useFocusReturn } from '@/ui/focus-return';
import { useActionList } from '@/ui/hooks';
import { t } from '@/lib/strings';
import { Icon } from '@/ui/Icon';
import { ListBox, useListBox } from '@/ui/ListBox';
import { Kbd } from '@/ui/parts';
import { paletteEntries, type Sources } from './entries';
import { tp } from './strings';
import '@/ui/dialog.css';
import './palette.css';

interface PaletteProps {
  /** The same object while nothing in it changed: the list is made anew when it is another. */
  sources: Omit<Sources, 'actions'>;
  initial?: string;
  onClose: () => void;
}

export default function Palette({ initial = '', onClose, sources }: PaletteProps) {
  useFocusReturn();
  const [query, setQuery] = useState(initial);
  const actions = useActionList();
  const entries = useMemo(() => paletteEntries(query, { ...sources, actions }), [query, sources, actions]);
  const list = useListBox(entries.length, (index) => {
    onClose();
    entries[index]?.run();
  });

  return (
    <Base.Root open onOpenChange={(open) => !open && onClose()}>
      <Base.Portal>
        <Base.Backdrop className="dialog-backdrop" />
        <Base.Popup className="dialog dialog-wide palette" finalFocus={givesFocusBack}>
          <Base.Title className="visually-hidden">{tp('title')}</Base.Title>
          <div className="palette-field">
            <Icon name="search" />
            <input
              autoFocus
              placeholder={tp('placeholder')}
              aria-label={tp('placeholder')}
              value={query}
              onChange={(event) => {
                setQuery(event.target.value);
                list.reset();
              }}
              {...list.inputProps}
            />
            <Base.Close className="palette-close">
              <span className="palette-esc">Esc</span>
              <span className="palette-x">
                <Icon name="x" />
                <span className="visually-hidden">{t('dialog.close')}</span>
              </span>
            </Base.Close>
          </div>
          <ListBox list={list} label={tp('results')}>
            {entries.map((entry, index) => (
              <div key={`${entry.section}-${entry.key}`} role="presentation">
                {entry.section !== entries[index - 1]?.section && (
                  <div className="palette-section" role="presentation">
                    {entry.section}
                  </div>
                )}
                <div {...list.optionProps(index)}>
                  {entry.icon && <Icon name={entry.icon} />}
                  <bdi className="option-text">{entry.label}</bdi>
                  {entry.note && <bdi className="palette-note">{entry.note}</bdi>}
                  {entry.shortcut && <Kbd shortcut={entry.shortcut} />}
                </div>
              </div>
            ))}
          </ListBox>
          {entries.length === 0 && <p className="option-none">{tp('none', { query })}</p>}
          <div className="palette-foot">
            <span role="status">{tp('found', { count: entries.length })}</span>
            <span>{tp('hint_commands')}</span>
          </div>
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}
