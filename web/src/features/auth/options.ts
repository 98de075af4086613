import { useQuery } from '@tanstack/react-query';
import { api } from '@/lib/api';

/** How one can sign in here. */
export interface SignInOptions {
  readonly signup_open: boolean;
  readonly first_run: boolean;
  readonly magic_link: boolean;
  readonly email_verification: 'off' | 'required';
  /** outbox: there is no mail server; whoever runs this one reads the mails. */
  readonly mail: 'outbox' | 'sent';
  readonly passkeys: boolean;
  readonly providers: readonly { readonly id: string; readonly name: string }[];
}

export const useOptions = () =>
  useQuery({ queryKey: ['sign-in-options'], queryFn: ({ signal }) => api.get<SignInOptions>('/api/auth/options', signal) });
