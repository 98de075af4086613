// The browser's side of passkeys. Bytes travel in the JSON form that browsers and the server both know.
import { api } from './api';
import { catalogue } from './i18n';
import { Refusal } from './problem';

const tp = catalogue({
  not_used: 'No passkey was used. Try again, or use another way.',
  known: 'This device already has a passkey for this account.',
  unavailable: 'Passkeys do not work at this address. Open the page at the address that its owner has set, over HTTPS.',
});

interface Ceremony<O> {
  readonly ceremony: string;
  readonly options: O;
}

export interface PasskeyAnswer {
  readonly ceremony: string;
  readonly credential: unknown;
}

const maker = (): Partial<typeof PublicKeyCredential> | undefined =>
  (window as Partial<Pick<typeof window, 'PublicKeyCredential'>>).PublicKeyCredential;

/** Only over HTTPS or on this machine, in a browser of the last years. */
export const hasPasskeys = (): boolean => maker()?.parseRequestOptionsFromJSON !== undefined;

/** Whether the browser offers passkeys in the list under an input. */
export const canSuggestPasskeys = async (): Promise<boolean> => hasPasskeys() && (await maker()?.isConditionalMediationAvailable?.()) === true;

const toAnswer = (ceremony: string, credential: Credential | null): PasskeyAnswer => ({
  ceremony,
  credential: (credential as PublicKeyCredential).toJSON(),
});

/** Closing the browser's dialog is no failure; anything else that it says is not meant for people. */
function inWords(error: unknown): unknown {
  const { name } = error as { name?: unknown };
  if (name === 'NotAllowedError') return new Refusal(tp('not_used'));
  if (name === 'InvalidStateError') return new Refusal(tp('known'));
  if (name === 'SecurityError') return new Refusal(tp('unavailable'));
  return error;
}

export const isAbort = (error: unknown): boolean => (error as { name?: unknown }).name === 'AbortError';

export interface AskOptions {
  readonly signal: AbortSignal;
  /** In the list under the address field, until somebody chooses one. */
  readonly suggest: boolean;
}

/** Asks for a passkey to sign in with. */
export async function askPasskey({ signal, suggest }: AskOptions): Promise<PasskeyAnswer> {
  const { ceremony, options } = await api.post<Ceremony<PublicKeyCredentialRequestOptionsJSON>>('/api/auth/passkey/begin', {}, signal);
  try {
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
    return toAnswer(ceremony, await navigator.credentials.get({ publicKey, signal, ...(suggest && { mediation: 'conditional' }) }));
  } catch (error) {
    throw inWords(error);
  }
}

/** Makes a passkey for whoever is signed in. */
export async function makePasskey({ ceremony, options }: Ceremony<PublicKeyCredentialCreationOptionsJSON>): Promise<PasskeyAnswer> {
  try {
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
    return toAnswer(ceremony, await navigator.credentials.create({ publicKey }));
  } catch (error) {
    throw inWords(error);
  }
}
