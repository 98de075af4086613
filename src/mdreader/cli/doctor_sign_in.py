"""What `mdreader doctor` says of ways to sign in: all but the password need to know the address that people open."""

from collections.abc import Iterator
from typing import Final

from mdreader.bootstrap.accounts import sign_in_providers
from mdreader.features.accounts.public_address import passkey_domain
from mdreader.kernel.findings import Finding
from mdreader.settings import Settings

_SET_IT: Final = "Set PUBLIC_URL to the address that people open, such as https://notes.example.org"
_LOCAL: Final = frozenset({"127.0.0.1", "::1", "localhost"})


def sign_in(settings: Settings) -> Iterator[Finding]:
    """Providers, links in mails and passkeys, one line each."""
    address = settings.public_url
    names = [provider.name for provider in sign_in_providers(settings) if settings.identity != "cognito"]
    if settings.identity == "cognito" and settings.cognito_domain is not None:
        names.append("The user pool's pages")
    reached = settings.host not in _LOCAL or bool(settings.trusted_proxies)
    if names:
        yield _provider_line(names, address)
    if settings.mail_url is not None and address is None:
        text = "PUBLIC_URL is not set: links in mails lead to the address at which this server accepts connections"
        yield Finding("warn", "mail links", text, f"{_SET_IT}: behind a proxy nobody else can open such links.")
    elif settings.mail_url is not None:
        yield Finding("ok", "mail links", f"they lead to {address}")
    if address is not None and passkey_domain(address) is None:
        text = f"browsers offer none at {address}: it takes https and a name"
        yield Finding("warn", "passkeys", text, f"{_SET_IT}.")
    elif address is not None:
        yield Finding("ok", "passkeys", f"for {passkey_domain(address)}")
    elif reached:
        yield Finding(
            "warn", "passkeys", "PUBLIC_URL is not set: browsers offer them at localhost alone", f"{_SET_IT}."
        )


def _provider_line(names: list[str], address: str | None) -> Finding:
    text = f"{' and '.join(names)} {'is' if len(names) == 1 else 'are'} set up"
    callback = f"{address or 'PUBLIC_URL'}/api/auth/oidc/ID/callback"
    if address is not None:
        return Finding("ok", "sign-in", f"{text}; each sends people back to {callback}, with its own id")
    text += ", but PUBLIC_URL is not set: each sends people back to an address that it does not know"
    return Finding("warn", "sign-in", text, f"{_SET_IT}, and register {callback} with each, with its own id.")
