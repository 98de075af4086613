import { useEffect, useState } from 'react';
import { countLater } from '@/core/render';
import type { Replica } from '@/core/sync';

const UPDATE_MS = 700;

/** The number of words, a little after the last change; null until it was counted first. */
export function useWordCount(replica: Replica, ready: boolean): number | null {
  const [words, setWords] = useState<number | null>(null);
  useEffect(() => {
    if (!ready) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let gone = false;
    const count = (): void => {
      timer = undefined;
      void countLater(replica.text.toJSON()).then((number) => !gone && setWords(number));
    };
    const changed = (): void => {
      timer ??= setTimeout(count, UPDATE_MS);
    };
    timer = setTimeout(count, 0);
    replica.text.observe(changed);
    return () => {
      gone = true;
      clearTimeout(timer);
      replica.text.unobserve(changed);
    };
  }, [replica, ready]);
  return words;
}
