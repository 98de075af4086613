// Every way in ends in one of two: somebody is signed in, or a second step is asked for.
import { api } from '@/lib/api';
import type { User } from '@/lib/types';
import { justSignedIn } from './session';

export type SecondStepMethod = 'totp' | 'recovery_code' | 'email_code';

export interface SecondStep {
  readonly token: string;
  readonly methods: readonly SecondStepMethod[];
}

type Answer = { readonly user: User } | { readonly mfa_required: true; readonly mfa_token: string; readonly methods: readonly SecondStepMethod[] };

/** Sends what should let somebody in. Resolves to null when it did. */
export async function signIn(path: string, body: unknown): Promise<SecondStep | null> {
  const answer = await api.post<Answer>(`/api/auth/${path}?session=cookie`, body);
  if ('mfa_required' in answer) return { token: answer.mfa_token, methods: answer.methods };
  justSignedIn(answer.user);
  return null;
}
