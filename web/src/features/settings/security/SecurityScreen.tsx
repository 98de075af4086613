import type { User } from '@/lib/types';
import { FormError } from '@/ui/Field';
import { Skeleton } from '@/ui/parts';
import { SettingsFrame } from '../SettingsFrame';
import { ts } from '../strings';
import { useSecurity } from './data';
import { Email } from './Email';
import { Identities } from './Identities';
import { Passkeys } from './Passkeys';
import { Password } from './Password';
import { Sessions } from './Sessions';
import { tx } from './strings';
import { Totp } from './Totp';
import './security.css';

/** Everything that lets somebody into their account, and where they are logged in. */
export default function SecurityScreen({ me }: { me: User }) {
  const { data: security, isError } = useSecurity();
  return (
    <SettingsFrame me={me} title={ts('security')}>
      {isError && <FormError>{tx('failed')}</FormError>}
      {!security && !isError && <Skeleton />}
      {security && (
        <>
          <Email security={security} />
          <Password security={security} />
          <Totp security={security} />
          <Passkeys />
          <Identities />
          <Sessions />
        </>
      )}
    </SettingsFrame>
  );
}
