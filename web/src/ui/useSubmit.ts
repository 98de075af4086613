import { useState, type SyntheticEvent } from 'react';
import { describeError } from '@/lib/problem';

/** A form's submit: busy while it runs, and what went wrong, in words, when it did. */
export function useSubmit(work: () => Promise<void>) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string>();
  const onSubmit = (event: SyntheticEvent): void => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setError(undefined);
    work()
      .catch((caught: unknown) => setError(describeError(caught)))
      .finally(() => setBusy(false));
  };
  return { busy, error, onSubmit };
}
