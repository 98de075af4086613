import { useEffect, useState } from 'react';

const read = (): URLSearchParams => new URLSearchParams(window.location.hash.slice(1));

/**
 * What a link carries after its #: secrets that neither logs nor other sites get to see. Takes it out of the address
 * bar and the history, and forgets it when asked to.
 */
export function useFragment(): [URLSearchParams, () => void] {
  const [values, setValues] = useState(read);
  useEffect(() => {
    const take = (): void => {
      const { pathname, search, hash } = window.location;
      if (hash.length <= 1) return;
      setValues(read());
      history.replaceState(history.state, '', pathname + search);
    };
    take();
    window.addEventListener('hashchange', take);
    return () => window.removeEventListener('hashchange', take);
  }, []);
  return [values, () => setValues(new URLSearchParams())];
}
