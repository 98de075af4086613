import { useEffect } from 'react';
import { tp } from './strings';

interface OpeningProps {
  value: string;
  onType: (value: string) => void;
  onClose: () => void;
}

/** Stands in while the palette's code comes: what is typed meanwhile is meant for it, and must not land in the document. */
export function Opening({ value, onType, onClose }: OpeningProps) {
  // Who never sees the palette starts with nothing the next time.
  useEffect(() => () => onType(''), [onType]);
  return (
    <div role="dialog" aria-label={tp('title')} className="visually-hidden">
      <input
        autoFocus
        aria-label={tp('placeholder')}
        value={value}
        onChange={(event) => onType(event.target.value)}
        onKeyDown={(event) => event.key === 'Escape' && onClose()}
      />
    </div>
  );
}
