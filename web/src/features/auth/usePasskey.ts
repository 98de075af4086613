import { useEffect, useRef, useState } from 'react';
import { askPasskey, canSuggestPasskeys, hasPasskeys, isAbort } from '@/lib/passkey';
import { describeError } from '@/lib/problem';
import { signIn } from './sign-in';

/**
 * Signing in with a passkey: by the button, and before that in the browser's list under the address field.
 * Only one of the two can ask at a time.
 */
export function usePasskey(offered: boolean) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string>();
  const asking = useRef<AbortController | null>(null);
  const available = offered && hasPasskeys();

  const ask = async (suggest: boolean): Promise<void> => {
    asking.current?.abort();
    const mine = new AbortController();
    asking.current = mine;
    try {
      await signIn('passkey/finish', await askPasskey({ signal: mine.signal, suggest }));
    } catch (caught) {
      // What the browser only suggested and nobody took is no news.
      if (!isAbort(caught) && !suggest) setError(describeError(caught));
    }
  };

  const latest = useRef(ask);
  useEffect(() => {
    latest.current = ask;
  });
  useEffect(() => {
    if (!available) return;
    let gone = false;
    void canSuggestPasskeys().then((can) => {
      if (can && !gone && asking.current === null) void latest.current(true);
    });
    return () => {
      gone = true;
      asking.current?.abort();
      asking.current = null;
    };
  }, [available]);

  const use = (): void => {
    if (busy) return;
    setBusy(true);
    setError(undefined);
    void ask(false).finally(() => setBusy(false));
  };
  return { available, busy, error, use };
}
