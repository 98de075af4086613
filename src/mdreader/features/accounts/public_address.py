"""Under which address people reach this server: what stands in mails, in providers' redirects and in passkeys.

Never simply the `Host` header: whoever asks for a link in somebody else's name chooses that, and the link would lead the owner of
the address, with the token in it, wherever they like.
"""

from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.requests import Request

from mdreader.runtime import Policy


def public_address(request: Request, policy: Policy) -> str:
    """`PUBLIC_URL`; without it the address and port at which this very connection was accepted, without a slash at the end.

    A request that came in at the loopback address and calls it `localhost` is answered so: browsers know passkeys at that name,
    and not at an IP address.
    """
    if policy.public_url:
        return policy.public_url
    host, port = request.scope.get("server") or ("127.0.0.1", None)
    suffix = f":{port}" if port else ""
    if _is_loopback(host) and request.headers.get("host", "").lower() == f"localhost{suffix}":
        host = "localhost"
    return f"http://{f'[{host}]' if ':' in host else host}{suffix}"


def passkey_domain(address: str) -> str | None:
    """The name that passkeys of `address` are bound to; None where browsers offer none: at an IP address, and without TLS."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    if parts.scheme != "https" and host != "localhost" and not host.endswith(".localhost"):
        return None
    return None if _is_ip(host) else host


def _is_ip(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _is_loopback(host: str) -> bool:
    return _is_ip(host) and ip_address(host).is_loopback
