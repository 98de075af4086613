"""Who is asking: what routes and the socket get by naming it."""

from typing import Annotated, Final

from fastapi import Depends
from fastapi.openapi.models import HTTPBearer
from fastapi.security.base import SecurityBase
from starlette.requests import Request

from mdreader.features.accounts.cookies import ACCESS_COOKIE, CSRF_HEADER
from mdreader.features.accounts.errors import CsrfFailedError, ReadOnlyKeyError, SessionRequiredError
from mdreader.features.accounts.identity import identity_of
from mdreader.http.client_address import direct_peer
from mdreader.http.dependencies import get_runtime
from mdreader.kernel.actor import Actor
from mdreader.kernel.errors import UnauthenticatedError
from mdreader.runtime import Runtime

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


async def actor_from_token(runtime: Runtime, token: str, *, peer: str) -> Actor:
    """Who holds `token` (an access token or an API key), for callers outside of HTTP. Raises `UnauthenticatedError`."""
    return await runtime.identity.authenticate(token, peer=peer)


class _Authentication(SecurityBase):
    """Reads `Authorization: Bearer`, else the page's cookie; a security scheme, so that OpenAPI names it on every route."""

    def __init__(self) -> None:
        self.scheme_name = "bearer"
        self.model = HTTPBearer(
            description="An access token, or an API key (`mdr_...`). The page uses cookies instead."
        )

    async def __call__(self, request: Request) -> Actor:
        runtime = get_runtime(request)
        authorization = request.headers.get("authorization")
        if authorization is None:
            return await _by_cookie(request, runtime)
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer":
            raise UnauthenticatedError("Send Authorization: Bearer with an access token or an API key.")
        peer = direct_peer(request.client.host if request.client else "", request.headers)
        actor = await runtime.identity.authenticate(token.strip(), peer=peer)
        if actor.scope == "read" and request.method not in SAFE_METHODS:
            raise ReadOnlyKeyError
        return actor


async def _by_cookie(request: Request, runtime: Runtime) -> Actor:
    token = request.cookies.get(ACCESS_COOKIE)
    if not token:
        raise UnauthenticatedError
    actor = await runtime.identity.authenticate(token, peer="")
    if actor.session_id is None:
        raise UnauthenticatedError("An API key belongs into the Authorization header.")
    if request.method not in SAFE_METHODS:
        check_csrf(request, runtime, actor.session_id)
    return actor


def check_csrf(request: Request, runtime: Runtime, session_id: str) -> None:
    """Raise `CsrfFailedError` unless the request carries the session's own CSRF value in its header."""
    if not identity_of(runtime).tokens.csrf_matches(session_id, request.headers.get(CSRF_HEADER)):
        raise CsrfFailedError


authenticate: Final = _Authentication()

CurrentActor = Annotated[Actor, Depends(authenticate)]


async def _session(actor: CurrentActor) -> Actor:
    if actor.session_id is None:
        raise SessionRequiredError
    return actor


SessionActor = Annotated[Actor, Depends(_session)]
