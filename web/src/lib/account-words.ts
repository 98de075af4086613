// What the server's codes about accounts mean in plain words. Only the screens for signing in and for settings load this.
import { explainCodes } from './problem';

explainCodes({
  invalid_code: 'This code is wrong or too old. Enter the newest one.',
  invalid_link: 'This link was used already or is too old. Ask for a new one.',
  mfa_expired: 'That took too long, or too many codes were wrong. Log in again.',
  weak_password: 'This password is too weak. It needs 8 characters with capital and small letters, a digit and a symbol; or 16 of any kind.',
  password_needed: 'Enter the password of your account.',
  passkey_refused: 'This passkey was not accepted. Try again, or use another way.',
  passkey_known: 'This passkey is on your list already.',
  passkeys_unavailable: 'Passkeys do not work at this address. Open the page at the address that its owner has set, over HTTPS.',
  ceremony_expired: 'That took too long. Try again.',
  totp_enabled: 'Codes from an app are on already. Reload the page to see it.',
  directory_link: 'Your account is kept elsewhere. Log in with your password; its link cannot be taken away here.',
  already_verified: 'This address is confirmed already.',
  last_way_in: 'This is the only way into your account. Set a password or add another way first.',
  reauthentication_required: 'You logged in some time ago. Log out and in again, then try once more.',
  operator_required: 'Only whoever runs this server may see this.',
});
