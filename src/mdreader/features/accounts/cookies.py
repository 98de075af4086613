"""The page's session: two HttpOnly cookies with the tokens, and a readable one with the CSRF value."""

from ipaddress import ip_address
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from mdreader.features.accounts.tokens import ACCESS_SECONDS, REFRESH_SECONDS
from mdreader.runtime import Policy

ACCESS_COOKIE: Final = "mdreader_access"
REFRESH_COOKIE: Final = "mdreader_refresh"
CSRF_COOKIE: Final = "mdreader_csrf"
CSRF_HEADER: Final = "x-csrf-token"

# The refresh token goes nowhere but to where it is used.
_REFRESH_PATH: Final = "/api/auth"


def set_session_cookies(
    response: Response, *, access_token: str, refresh_token: str, csrf_token: str, secure: bool
) -> None:
    """Give the browser a session."""
    response.set_cookie(
        ACCESS_COOKIE, access_token, max_age=ACCESS_SECONDS, path="/", httponly=True, samesite="lax", secure=secure
    )
    response.set_cookie(
        REFRESH_COOKIE,
        refresh_token,
        max_age=REFRESH_SECONDS,
        path=_REFRESH_PATH,
        httponly=True,
        samesite="lax",
        secure=secure,
    )
    response.set_cookie(CSRF_COOKIE, csrf_token, max_age=REFRESH_SECONDS, path="/", samesite="lax", secure=secure)


def clear_session_cookies(response: Response, *, secure: bool) -> None:
    """Take the session from the browser."""
    for name, path in ((ACCESS_COOKIE, "/"), (REFRESH_COOKIE, _REFRESH_PATH), (CSRF_COOKIE, "/")):
        response.delete_cookie(name, path=path, secure=secure, httponly=name != CSRF_COOKIE, samesite="lax")


def came_by_https(request: Request, policy: Policy) -> bool:
    """Whether the browser speaks https to us, directly or to a proxy that may say so; cookies are `Secure` then."""
    if request.url.scheme == "https" or (policy.public_url or "").startswith("https://"):
        return True
    try:
        peer = ip_address(request.client.host if request.client else "")
    except ValueError:
        return False
    if not any(peer in network for network in policy.trusted_proxies):
        return False
    # The last hop is the one the trusted proxy wrote.
    return request.headers.get("x-forwarded-proto", "").rpartition(",")[2].strip().lower() == "https"
