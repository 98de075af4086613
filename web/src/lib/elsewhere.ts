/** Workspaces that live in another installation of the same house, a cell: the server says which address to open there. */
import { ApiError } from './api';

/** An address that a person may be led to, without a slash at its end; null for anything else. */
export function openableAddress(given: unknown): string | null {
  if (typeof given !== 'string' || !URL.canParse(given)) return null;
  const { protocol, origin, pathname } = new URL(given);
  return protocol === 'https:' || protocol === 'http:' ? `${origin}${pathname.replace(/\/$/, '')}` : null;
}

/** The address of the cell where it lives, when that is what the server answered; empty when it named none that can be opened. */
export function elsewhere(error: unknown): string | null {
  if (!(error instanceof ApiError) || error.status !== 421) return null;
  return openableAddress(error.extra['address']) ?? '';
}

/** What a person reads of an address. */
export const hostOf = (address: string): string => address.replace(/^https?:\/\//, '');
