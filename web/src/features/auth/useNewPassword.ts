import { useRef, useState, type RefObject } from 'react';
import { checkPassword } from './password';

export interface NewPassword {
  readonly value: string;
  readonly setValue: (value: string) => void;
  /** A weak one was sent: what is missing is said at the field until nothing is. */
  readonly refused: boolean;
  readonly input: RefObject<HTMLInputElement | null>;
  /** Whether it may be sent; leads back to the field when it may not. */
  accept: () => boolean;
}

/** A password that is being chosen. Its button stays alive: one that is grey says nothing about why. */
export function useNewPassword(): NewPassword {
  const [value, setValue] = useState('');
  const [tried, setTried] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const { ok } = checkPassword(value);
  const accept = (): boolean => {
    setTried(!ok);
    if (!ok) input.current?.focus();
    return ok;
  };
  return { value, setValue, refused: tried && !ok, input, accept };
}
