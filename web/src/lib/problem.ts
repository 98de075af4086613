import { ApiError, OfflineError } from './api';
import { elsewhere, hostOf } from './elsewhere';
import { t } from './strings';

/** What the server's codes mean in plain words; for others its own sentence is shown. */
const WORDS: Readonly<Record<string, () => string>> = {
  invalid_credentials: () => t('error.invalid_credentials'),
  email_taken: () => t('error.email_taken'),
  signup_closed: () => t('error.signup_closed'),
  wrong_password: () => t('error.wrong_password'),
  path_is_folder: () => t('error.path_is_folder'),
  folder_into_itself: () => t('error.folder_into_itself'),
  too_many_keys: () => t('error.too_many_keys'),
  path_taken: () => t('error.path_taken'),
  last_owner: () => t('error.last_owner'),
  user_not_found: () => t('error.user_not_found'),
  already_member: () => t('error.already_member'),
};

const added = new Map<string, string>();

/** Plain words for the codes that only a lazily loaded part meets. */
export function explainCodes(words: Readonly<Record<string, string>>): void {
  for (const [code, text] of Object.entries(words)) added.set(code, text);
}

/** Something the page itself refuses; its message is for people. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
}

/** One or two sentences for a person: what happened, and what to do next. */
export function describeError(error: unknown): string {
  if (error instanceof OfflineError) return t('error.offline');
  if (error instanceof Refusal) return error.message;
  if (!(error instanceof ApiError)) return t('error.unknown');
  const words = WORDS[error.code]?.() ?? added.get(error.code);
  if (words !== undefined) return words;
  const address = elsewhere(error);
  if (address !== null) return address === '' ? t('elsewhere.nowhere') : t('error.elsewhere', { host: hostOf(address) });
  if (error.status === 429) return error.retryAfter ? t('error.too_many_wait', { count: error.retryAfter }) : t('error.too_many');
  // A code of its own comes with a sentence of its own; the plain kinds are said better here.
  if (error.status >= 500) return t('error.server');
  if (error.code === 'forbidden') return t('error.forbidden');
  if (error.code === 'not_found') return t('error.not_found');
  return error.code === 'invalid_input' ? (error.errors[0]?.message ?? error.message) : error.message;
}
