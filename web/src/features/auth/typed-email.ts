import { useState } from 'react';
import { onUserChange } from './session';

let typed = '';

// On a machine that people share, the next one does not see who was here.
onUserChange(() => (typed = ''));

/** The address that somebody typed on any of the screens on the way in: on the next one it stands there already. */
export function useTypedEmail(): [string, (email: string) => void] {
  const [email, setEmail] = useState(typed);
  const keep = (next: string): void => {
    typed = next;
    setEmail(next);
  };
  return [email, keep];
}
