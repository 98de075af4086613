// A text field that drives a list: the focus stays in the field, the arrows move the active option.
import { useId, useState, type KeyboardEvent, type ReactNode } from 'react';
import './listbox.css';

export function useListBox(count: number, choose: (index: number) => void) {
  const id = useId();
  const [wanted, setWanted] = useState(0);
  const active = Math.min(wanted, count - 1);

  const move = (index: number): void => {
    const next = (index + count) % Math.max(1, count);
    setWanted(next);
    document.getElementById(`${id}-${next}`)?.scrollIntoView({ block: 'nearest' });
  };

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === 'ArrowDown') move(active + 1);
    else if (event.key === 'ArrowUp') move(active - 1);
    else if (event.key === 'PageDown') move(Math.min(count - 1, active + 8));
    else if (event.key === 'PageUp') move(Math.max(0, active - 8));
    else if (event.key === 'Enter' && active >= 0) choose(active);
    else return;
    event.preventDefault();
  };

  return {
    listId: `${id}-list`,
    reset: (): void => setWanted(0),
    inputProps: {
      role: 'combobox',
      'aria-expanded': true,
      'aria-controls': `${id}-list`,
      'aria-autocomplete': 'list',
      'aria-activedescendant': active >= 0 ? `${id}-${active}` : undefined,
      autoComplete: 'off',
      spellCheck: false,
      onKeyDown,
    } as const,
    optionProps: (index: number) =>
      ({
        id: `${id}-${index}`,
        role: 'option',
        className: 'option',
        'aria-selected': index === active,
        // Not pointerenter: a list that scrolls under a resting pointer must not move the choice.
        onPointerMove: () => index !== active && setWanted(index),
        onClick: () => choose(index),
      }) as const,
  };
}

export function ListBox({ list, label, children }: { list: ReturnType<typeof useListBox>; label: string; children: ReactNode }) {
  return (
    <div id={list.listId} className="listbox" role="listbox" aria-label={label}>
      {children}
    </div>
  );
}
