"""Which pages may talk to this server with a person's cookies, or open a socket."""

from urllib.parse import urlsplit

from mdreader.runtime import Policy


def origin_allowed(policy: Policy, origin: str | None, host: str) -> bool:
    """Whether a request whose `Origin` header is `origin` and whose `Host` header is `host` comes from our own page or a listed one.

    No `Origin` means no browser: such a client brings a token of its own. A host name that an attacker points here (DNS rebinding)
    passes this check, but has neither cookie nor token.
    """
    if origin is None:
        return True
    origin = origin.rstrip("/").lower()
    if policy.public_url is not None and origin == policy.public_url.lower():
        return True
    if origin in (allowed.lower() for allowed in policy.allowed_origins):
        return True
    parts = urlsplit(origin)
    return parts.scheme in ("http", "https") and parts.netloc == host.lower()
