import { Link } from 'wouter';
import { Button } from '@/ui/Button';
import type { SignInOptions } from './options';
import { ta } from './strings';

interface OtherWaysProps {
  options: SignInOptions;
  signup: boolean;
  /** The path to come back to. */
  next: string;
  /** '?next=…' or nothing. */
  suffix: string;
  passkey: { readonly available: boolean; readonly busy: boolean; readonly use: () => void };
}

/** Everything that is not the password, as far as this server offers it. */
export function OtherWays({ options, signup, next, suffix, passkey }: OtherWaysProps) {
  const link = options.magic_link && !signup;
  const key = passkey.available && !signup;
  if (!link && !key && options.providers.length === 0) return null;
  return (
    <div className="auth-ways">
      <p className="auth-or" aria-hidden="true">
        {ta('or')}
      </p>
      {options.providers.map(({ id, name }) => (
        <a key={id} className="button button-plain" href={`/api/auth/oidc/${encodeURIComponent(id)}/start?return_to=${encodeURIComponent(next)}`}>
          {ta('with_provider', { name })}
        </a>
      ))}
      {key && (
        <Button icon="key" busy={passkey.busy} onClick={passkey.use}>
          {ta('passkey.use')}
        </Button>
      )}
      {link && (
        <Link className="button button-plain" href={`/sign-in/link${suffix}`}>
          {ta('with_link')}
        </Link>
      )}
    </div>
  );
}
