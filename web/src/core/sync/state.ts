/** The one honest sentence about the connection, derived from facts and never set by hand. */
import type { ErrorKind } from './close';

export type SyncKind =
  | 'connecting'
  | 'live'
  | 'saving'
  | 'saved'
  | 'reconnecting'
  | 'offline'
  | 'readonly'
  | 'error';

export interface SyncState {
  readonly kind: SyncKind;
  /** Local changes that the server has not acknowledged. */
  readonly pending: number;
  /** Set when `kind` is `error`. */
  readonly error: ErrorKind | null;
  /** Where the document lives, when that is the error. */
  readonly address: string | null;
  /** Whether every pending change is stored in this browser, and so survives a reload. */
  readonly keptHere: boolean;
  /** Whether somebody has to act: nothing is retried by itself. */
  readonly stopped: boolean;
}

export interface SyncFacts {
  /** The text is known, from the local copy or from the server. */
  ready: boolean;
  /** The socket is open and both sides have exchanged what the other lacked. */
  synced: boolean;
  /** The browser says it has a network. */
  online: boolean;
  /** Milliseconds since the last live connection, or since opening. */
  downForMs: number;
  writable: boolean;
  pending: number;
  /** Something of mine has been acknowledged since the document was opened. */
  everSaved: boolean;
  keptHere: boolean;
  error: ErrorKind | null;
  address: string | null;
  stopped: boolean;
}

/** A break shorter than this is "reconnecting"; a longer one is called what it is. */
export const OFFLINE_AFTER_MS = 8_000;

export function deriveState(facts: SyncFacts): SyncState {
  const { pending, keptHere, stopped, error, address } = facts;
  return { kind: kindOf(facts), pending, keptHere, stopped, address: error === 'elsewhere' ? address : null, error: kindOf(facts) === 'error' ? error : null };
}

function kindOf(facts: SyncFacts): SyncKind {
  if (facts.error !== null) return 'error';
  if (facts.synced) {
    if (!facts.writable) return 'readonly';
    if (facts.pending > 0) return 'saving';
    return facts.everSaved ? 'saved' : 'live';
  }
  if (!facts.online || facts.downForMs >= OFFLINE_AFTER_MS) return 'offline';
  return facts.ready ? 'reconnecting' : 'connecting';
}
