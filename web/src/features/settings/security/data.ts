import { useQuery } from '@tanstack/react-query';
import { api } from '@/lib/api';
import { queryClient } from '@/ui/query';

export interface Security {
  readonly email: string;
  readonly email_verified: boolean;
  readonly has_password: boolean;
  readonly totp: { readonly enabled: boolean; readonly recovery_codes_left: number };
  readonly passkeys: number;
  readonly identities: number;
}

export interface Passkey {
  readonly id: string;
  readonly name: string;
  readonly created_at: string;
  readonly last_used_at: string | null;
  readonly synced: boolean;
}

export interface LinkedIdentity {
  readonly id: string;
  readonly provider: string;
  readonly name: string;
  readonly email: string | null;
  readonly created_at: string;
}

export interface Session {
  readonly id: string;
  readonly current: boolean;
  readonly device: string;
  readonly user_agent: string;
  readonly address: string;
  readonly method: string;
  readonly created_at: string;
  readonly last_seen_at: string;
}

export const KEYS = { security: ['security'], passkeys: ['passkeys'], identities: ['identities'], sessions: ['sessions'] } as const;

const list = <T,>(path: string) => ({ signal }: { signal: AbortSignal }) => api.get<{ items: readonly T[] }>(path, signal).then(({ items }) => items);

export const securityQuery = { queryKey: KEYS.security, queryFn: ({ signal }: { signal: AbortSignal }) => api.get<Security>('/api/me/security', signal) };

export const useSecurity = () => useQuery(securityQuery);
export const usePasskeys = () => useQuery({ queryKey: KEYS.passkeys, queryFn: list<Passkey>('/api/me/passkeys') });
export const useIdentities = () => useQuery({ queryKey: KEYS.identities, queryFn: list<LinkedIdentity>('/api/me/identities') });

/** How the server calls the link to a user pool that keeps the account. Nobody takes it away here. */
export const DIRECTORY = 'directory';

/** Whether a user pool keeps this account; false while that is not known. */
export const useInDirectory = (): boolean => useIdentities().data?.some(({ provider }) => provider === DIRECTORY) ?? false;

export const useSessions = () => useQuery({ queryKey: KEYS.sessions, queryFn: list<Session>('/api/me/sessions') });

/** Asks the server again how the account stands, after something of it has changed. */
export const refresh = (...keys: readonly (keyof typeof KEYS)[]): void => {
  for (const key of [...keys, 'security' as const]) void queryClient.invalidateQueries({ queryKey: KEYS[key] });
};
