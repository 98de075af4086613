/** The server's password policy, shown while one types: all five, or simply a long passphrase. */
export const PASSPHRASE_LENGTH = 16;

/** In code points, as the server counts. */
const lengthOf = (password: string): number => Array.from(password).length;

const RULES = {
  length: (password: string) => lengthOf(password) >= 8,
  upper: (password: string) => /\p{Lu}/u.test(password),
  lower: (password: string) => /\p{Ll}/u.test(password),
  digit: (password: string) => /\p{Nd}/u.test(password),
  symbol: (password: string) => /[^\p{L}\p{N}\s]/u.test(password),
} as const;

export type PasswordRule = keyof typeof RULES;

export interface PasswordCheck {
  readonly ok: boolean;
  readonly passphrase: boolean;
  readonly rules: readonly { readonly rule: PasswordRule; readonly met: boolean }[];
}

export function checkPassword(password: string): PasswordCheck {
  const passphrase = lengthOf(password) >= PASSPHRASE_LENGTH;
  const rules = (Object.keys(RULES) as PasswordRule[]).map((rule) => ({ rule, met: RULES[rule](password) }));
  return { ok: passphrase || rules.every(({ met }) => met), passphrase, rules };
}
