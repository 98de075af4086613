/** What each way a socket can end asks of us. */

export type ErrorKind =
  | 'signed-out'
  | 'no-right'
  | 'gone'
  | 'elsewhere'
  | 'too-large'
  | 'not-stored'
  | 'refused'
  | 'busy';

export type CloseDecision =
  /** Try again after the usual back-off, after `delay` ms when the server named one, or at once the first time. */
  | { action: 'retry'; delay?: number; atOnce?: boolean; error?: ErrorKind }
  /** The document was rebuilt under a new epoch: the local copy no longer fits. */
  | { action: 'reset' }
  /** The right to write, or to read, was taken away: find out which. */
  | { action: 'recheck-right' }
  /** Trying again without a person would only fail again; `address` is where it lives, as the server said. */
  | { action: 'stop'; error: ErrorKind; address?: string };

const GOING_AWAY_DEFAULT_MS = 1_000;
const GOING_AWAY_MAX_MS = 60_000;

export function decideClose(code: number, reason: string): CloseDecision {
  switch (code) {
    case 4400:
      return { action: 'stop', error: 'refused' };
    case 4401:
      return reason === 'role_changed' ? { action: 'recheck-right' } : { action: 'retry', atOnce: true };
    case 4403:
      return { action: 'recheck-right' };
    case 4404:
      return { action: 'stop', error: 'gone' };
    case 4409:
      return { action: 'reset' };
    case 4413:
    case 1009:
      return { action: 'stop', error: 'too-large' };
    case 4421:
      return { action: 'stop', error: 'elsewhere', address: reason };
    case 4429:
      return { action: 'retry', error: 'busy' };
    case 1012:
      return { action: 'retry', delay: retryIn(reason) };
    case 1013:
      return { action: 'retry', error: 'not-stored' };
    default:
      return { action: 'retry' };
  }
}

function retryIn(reason: string): number {
  const found = /retry-in-ms=(\d+)/.exec(reason);
  if (!found) return GOING_AWAY_DEFAULT_MS;
  return Math.min(GOING_AWAY_MAX_MS, Number(found[1]));
}
