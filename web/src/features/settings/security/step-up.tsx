// Some changes need proof that it is them: the server asks for it when the log-in is some time ago.
import { useState } from 'react';
import { logOut, PasswordField } from '@/features/auth';
import { ApiError } from '@/lib/api';
import { t } from '@/lib/strings';
import { Button } from '@/ui/Button';
import { Dialog, DialogActions } from '@/ui/Dialog';
import { FormError } from '@/ui/Field';
import { showModal } from '@/ui/modal';
import { useSubmit } from '@/ui/useSubmit';
import { tx } from './strings';

export interface Proof {
  readonly password?: string;
}

interface AskProps {
  onClose: () => void;
}

function AskPassword({ onPassword, onClose }: AskProps & { onPassword: (password: string) => Promise<void> }) {
  const [password, setPassword] = useState('');
  const form = useSubmit(async () => {
    await onPassword(password);
    onClose();
  });
  return (
    <Dialog open onClose={onClose} title={tx('proof.title')} description={tx('proof.text')}>
      <form className="dialog-form" onSubmit={form.onSubmit}>
        {form.error && <FormError>{form.error}</FormError>}
        <PasswordField label={tx('proof.password')} autoFocus value={password} onValue={setPassword} />
        <DialogActions>
          <Button kind="primary" type="submit" busy={form.busy}>
            {tx('proof.continue')}
          </Button>
          <Button onClick={onClose}>{t('dialog.cancel')}</Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

/** Without a password only logging in anew shows that it is them. */
function AskToLogIn({ onClose }: AskProps) {
  const form = useSubmit(async () => {
    await logOut();
    onClose();
  });
  return (
    <Dialog open onClose={onClose} title={tx('proof.title')} description={tx('proof.again_text')}>
      <form className="dialog-form" onSubmit={form.onSubmit}>
        {form.error && <FormError>{form.error}</FormError>}
        <DialogActions>
          <Button kind="primary" type="submit" busy={form.busy}>
            {tx('proof.again')}
          </Button>
          <Button onClick={onClose}>{t('dialog.cancel')}</Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

/** Calls the server, and once more with the password when it asks for that. Resolves to undefined when somebody changed their mind. */
export async function stepUp<T>(call: (proof: Proof) => Promise<T>): Promise<T | undefined> {
  try {
    return await call({});
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 'reauthentication_required') throw error;
    const hasPassword = error.extra['has_password'] === true;
    return new Promise((resolve) => {
      showModal((close) => {
        const onClose = (): void => {
          close();
          resolve(undefined);
        };
        if (!hasPassword) return <AskToLogIn onClose={onClose} />;
        return <AskPassword onClose={onClose} onPassword={async (password) => resolve(await call({ password }))} />;
      });
    });
  }
}
