import { lazy, Suspense, useRef, useState } from 'react';
import { PasswordField } from '@/features/auth';
import { api } from '@/lib/api';
import { t } from '@/lib/strings';
import { toast } from '@/lib/toasts';
import { Button } from '@/ui/Button';
import { CodeField } from '@/ui/CodeField';
import { CopyButton } from '@/ui/CopyButton';
import { Dialog, DialogActions } from '@/ui/Dialog';
import { Field, FormError } from '@/ui/Field';
import { focusHeading } from '@/ui/focus-return';
import { showModal } from '@/ui/modal';
import { useSubmit } from '@/ui/useSubmit';
import { refresh, useInDirectory, type Security } from './data';
import { RecoveryCodes } from './RecoveryCodes';
import { stepUp } from './step-up';
import { tx } from './strings';

const Qr = lazy(() => import('./Qr'));

const FEW_CODES = 3;

interface NewApp {
  readonly secret: string;
  readonly uri: string;
}

interface Codes {
  readonly recovery_codes: readonly string[];
}

function SetUp({ app, onCodes, onCancel }: { app: NewApp; onCodes: (codes: readonly string[]) => void; onCancel: () => void }) {
  const [code, setCode] = useState('');
  const form = useSubmit(async () => {
    const { recovery_codes: codes } = await api.post<Codes>('/api/me/totp/confirm', { code });
    onCodes(codes);
  });
  return (
    <div className="totp">
      <p className="settings-text">{tx('totp.scan')}</p>
      <div className="totp-app">
        <Suspense fallback={<div className="qr" />}>
          <Qr text={app.uri} label={tx('totp.qr')} />
        </Suspense>
        <div className="totp-key">
          <span>{tx('totp.secret')}</span>
          <code>{app.secret.replace(/(.{4})(?=.)/g, '$1 ')}</code>
          <CopyButton text={app.secret} label={tx('totp.copy')} />
          <a className="button button-plain" href={app.uri}>
            {tx('totp.open')}
          </a>
        </div>
      </div>
      {form.error && <FormError>{form.error}</FormError>}
      <form className="settings-form" onSubmit={form.onSubmit}>
        <CodeField label={tx('totp.code')} value={code} onValue={setCode} />
        <div className="settings-buttons">
          <Button kind="primary" type="submit" busy={form.busy}>
            {tx('totp.confirm')}
          </Button>
          <Button onClick={onCancel}>{tx('totp.cancel')}</Button>
        </div>
      </form>
    </div>
  );
}

interface AskCodeProps {
  title: string;
  text: string;
  submit: string;
  danger?: boolean;
  /** Whether a recovery code will do. */
  recovery: boolean;
  /** Whether the password is asked for as well. */
  withPassword?: boolean;
  onProof: (proof: ({ code: string } | { recovery_code: string }) & { password?: string }) => Promise<void>;
  onClose: () => void;
}

function AskCode({ title, text, submit, danger = false, recovery, withPassword = false, onProof, onClose }: AskCodeProps) {
  const [code, setCode] = useState('');
  const [password, setPassword] = useState('');
  const [byRecovery, setByRecovery] = useState(false);
  const form = useSubmit(async () => {
    await onProof({ ...(byRecovery ? { recovery_code: code.trim() } : { code }), ...(withPassword && { password }) });
    onClose();
  });
  return (
    <Dialog open onClose={onClose} title={title} description={text}>
      <form className="dialog-form" onSubmit={form.onSubmit}>
        {form.error && <FormError>{form.error}</FormError>}
        {withPassword && <PasswordField label={tx('proof.password')} autoFocus value={password} onValue={setPassword} />}
        {byRecovery ? (
          <Field label={tx('totp.recovery')} className="code-input" autoComplete="off" autoCapitalize="none" autoFocus required maxLength={64} value={code} onChange={(event) => setCode(event.target.value)} />
        ) : (
          <CodeField label={tx('totp.code')} value={code} onValue={setCode} />
        )}
        {recovery && (
          <Button
            kind="quiet"
            onClick={() => {
              setByRecovery(!byRecovery);
              setCode('');
            }}
          >
            {byRecovery ? tx('totp.use_app') : tx('totp.use_recovery')}
          </Button>
        )}
        <DialogActions>
          <Button kind={danger ? 'danger' : 'primary'} type="submit" busy={form.busy}>
            {submit}
          </Button>
          <Button onClick={onClose}>{t('dialog.cancel')}</Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

function askCode(props: Omit<AskCodeProps, 'onClose'>): void {
  showModal((close) => <AskCode {...props} onClose={close} />);
}

/** The second step of logging in: an authenticator app, and codes for when it is gone. */
export function Totp({ security: { email, totp } }: { security: Security }) {
  const [app, setApp] = useState<NewApp>();
  const [codes, setCodes] = useState<readonly string[]>();
  const heading = useRef<HTMLHeadingElement>(null);
  // A user pool has no recovery codes.
  const directory = useInDirectory();
  const begin = useSubmit(async () => setApp(await stepUp((proof) => api.post<NewApp>('/api/me/totp', proof))));

  const turnOff = (): void =>
    askCode({
      title: tx('totp.off_title'),
      text: tx('totp.off_text'),
      submit: tx('totp.off'),
      danger: true,
      recovery: !directory,
      withPassword: directory,
      onProof: async (proof) => {
        await api.delete('/api/me/totp', proof);
        refresh();
        toast(tx('totp.is_off'));
      },
    });
  const renew = (): void =>
    askCode({
      title: tx('totp.new_codes'),
      text: tx('totp.new_codes_text'),
      submit: tx('totp.new_codes'),
      recovery: false,
      onProof: async (proof) => {
        const answer = await api.post<Codes>('/api/me/totp/recovery-codes', proof);
        setCodes(answer.recovery_codes);
        refresh();
      },
    });

  return (
    <section aria-labelledby="security-totp">
      <h2 id="security-totp" ref={heading}>
        {tx('totp.title')} {totp.enabled && <span className="badge">{tx('totp.on')}</span>}
      </h2>
      <p className="settings-text">{tx('totp.text')}</p>
      {begin.error && <FormError>{begin.error}</FormError>}
      {!totp.enabled && !app && (
        <Button icon="shield" busy={begin.busy} onClick={begin.onSubmit}>
          {tx('totp.set_up')}
        </Button>
      )}
      {!totp.enabled && app && (
        <SetUp
          app={app}
          onCancel={() => setApp(undefined)}
          onCodes={(made) => {
            setApp(undefined);
            if (made.length > 0) setCodes(made);
            refresh();
          }}
        />
      )}
      {codes && <RecoveryCodes codes={codes} email={email} onKept={() => { setCodes(undefined); focusHeading(heading.current); }} />}
      {totp.enabled && !codes && (
        <>
          <p>
            {directory ? (
              tx('totp.directory')
            ) : (
              <>
                {tx('totp.left', { count: totp.recovery_codes_left })} {totp.recovery_codes_left < FEW_CODES && tx('totp.few')}
              </>
            )}
          </p>
          <div className="settings-buttons">
            {!directory && <Button onClick={renew}>{tx('totp.new_codes')}</Button>}
            <Button kind="danger" onClick={turnOff}>
              {tx('totp.off')}
            </Button>
          </div>
        </>
      )}
    </section>
  );
}
