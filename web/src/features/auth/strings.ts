import '@/lib/account-words';
import { catalogue } from '@/lib/i18n';

export const ta = catalogue({
  title_login: 'Log in',
  title_signup: 'Create an account',
  title_first: 'Welcome to mdreader',
  text_first: 'Nobody has an account here yet. Create yours, then drop in a folder of Markdown.',
  text_signup: 'Write Markdown together, all in the same document.',
  text_next: 'Log in to open the page you asked for.',
  closed_title: 'Sign-up is closed',
  closed_text: 'Ask whoever runs this server for an account.',
  name: 'Your name',
  email: 'Email',
  password: 'Password',
  create: 'Create account',
  create_first: 'Create the first account',
  log_in: 'Log in',
  have_account: 'You have an account?',
  no_account: 'New here?',
  or: 'or',
  with_provider: 'Continue with {name}',
  with_link: 'Email me a log-in link',
  forgot: 'Forgot your password?',
  back: 'Back to log-in',

  'passkey.use': 'Use a passkey',

  'code.title_app': 'Enter the code',
  'code.text_app': 'Your authenticator app shows six digits for this account.',
  'code.title_mail': 'Look into your mail',
  'code.text_mail': 'A code of six digits is on its way to {email}.',
  'code.text_mail_you': 'A code of six digits is on its way to you.',
  'code.title_recovery': 'Use a recovery code',
  'code.text_recovery': 'One of the codes that you kept when you set up the app. Each works once.',
  'code.recovery_label': 'Recovery code',
  'code.to_recovery': 'Use a recovery code instead',
  'code.to_app': 'Use the app instead',
  'code.wrong_recovery': 'This recovery code is wrong, or was used before. Enter another one.',
  'code.again': 'Send another code',
  'code.sent_again': 'Another code is on its way.',
  'code.continue': 'Continue',

  'link.title': 'Log in by mail',
  'link.text': 'You get a mail with a link and a code. No password needed.',
  'link.send': 'Send the mail',
  'link.sent_title': 'Look into your mail',
  'link.sent_text': 'If {email} has an account, a mail is on its way. Open its link, or enter its code here.',
  'link.arrived_title': 'Log in to mdreader',
  'link.arrived_text': 'You opened the link from your mail. It works once.',
  'link.log_in': 'Log in',
  'link.broken_title': 'This link is not complete',
  'link.broken_text': 'Open it from the mail again, or ask for a new one.',
  'link.new': 'Ask for a new link',
  'mail.outbox': 'This server has no mail server: the mail stands in its console and in the outbox of whoever runs it.',

  'reset.title': 'Reset your password',
  'reset.text': 'You get a mail with a link and a code, with which you can choose a new one.',
  'reset.sent_text': 'If {email} has an account, a mail is on its way. Open its link, or enter its code here with a new password.',
  'reset.new': 'New password',
  'reset.keys': 'Revoke my API keys, too. Leave this on if somebody else may have been in your account.',
  'reset.save': 'Set the new password',
  'reset.choose_title': 'Choose a new password',
  'reset.choose_text': 'This logs you out everywhere; then you log in with the new password.',
  'reset.done': 'Your password is changed. Log in with the new one.',
  'reset.again': 'Send another mail',

  'verify.title': 'Confirm your email address',
  'verify.text': 'One click, and others can be sure that it is you.',
  'verify.password_text': 'Enter the password of your account, so that nobody can confirm an account in your name.',
  'verify.button': 'Confirm address',
  'verify.done_title': 'Your address is confirmed',
  'verify.done_text': 'Others can be sure now that it is you.',
  'verify.open': 'Open mdreader',

  'oidc.cancelled': 'Nothing was done: {name} was left before it answered.',
  'oidc.failed': 'Logging in with {name} did not work. Try again, or log in another way.',
  'oidc.unverified_there': '{name} has not confirmed your email address. Confirm it there first, or log in another way.',
  'oidc.unverified_here': 'There is an account with your address that was never confirmed. Log in to it and confirm the address, or reset its password; then {name} works too.',
  'oidc.taken': 'That account of {name} belongs to another account here.',
  'oidc.linked': '{name} is connected.',
});

const OIDC = {
  oidc_cancelled: 'oidc.cancelled',
  email_unverified_at_provider: 'oidc.unverified_there',
  account_unverified: 'oidc.unverified_here',
  identity_taken: 'oidc.taken',
} as const;

/** What a provider's way back said went wrong, in words. */
export function describeProviderError(code: string, name: string): string {
  if (code === 'signup_closed') return ta('closed_text');
  return ta(code in OIDC ? OIDC[code as keyof typeof OIDC] : 'oidc.failed', { name });
}
