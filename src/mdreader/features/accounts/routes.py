"""HTTP routes of accounts."""

from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, Response, status

from mdreader import __version__
from mdreader.features.accounts import queries, service
from mdreader.features.accounts.cookies import REFRESH_COOKIE, came_by_https, clear_session_cookies, set_session_cookies
from mdreader.features.accounts.current import CurrentActor, SessionActor, authenticate, check_csrf
from mdreader.features.accounts.errors import InvalidRefreshTokenError, SessionRequiredError
from mdreader.features.accounts.identity import identity_of
from mdreader.features.accounts.schemas import (
    ConfigOut,
    CookieSessionOut,
    KeyIn,
    KeyOut,
    KeysOut,
    LoginIn,
    MeOut,
    NewKeyOut,
    PasswordIn,
    ProfileIn,
    RefreshIn,
    SignupIn,
    TokensOut,
    UserOut,
)
from mdreader.features.accounts.tokens import ACCESS_SECONDS, RefreshToken
from mdreader.http.client_address import request_address
from mdreader.http.dependencies import ReadDep, RuntimeDep, WriteDep
from mdreader.http.errors import problems
from mdreader.kernel.clock import iso
from mdreader.runtime import Runtime

router = APIRouter(prefix="/api", tags=["accounts"])

_LIMITED = problems({429: "Too many attempts; `Retry-After` says how many seconds to wait."})
_KNOWN = problems({401: "No credentials that hold."})
_BY_PERSON = _KNOWN | problems({403: "`session_required`: an API key is not enough; or `csrf_failed`."})

SessionMode = Annotated[
    Literal["cookie"] | None, Query(description="`cookie` puts the tokens into HttpOnly cookies instead of the answer.")
]


@dataclass(frozen=True, slots=True)
class _Exchange:
    """A request about a session, and how its tokens go out."""

    runtime: Runtime
    request: Request
    response: Response

    @property
    def client(self) -> service.Client:
        address = request_address(self.request, self.runtime.policy)
        return service.Client(address, self.request.headers.get("user-agent", ""))

    @property
    def is_https(self) -> bool:
        return came_by_https(self.request, self.runtime.policy)

    def tokens(self, grant: service.Grant) -> TokensOut:
        """Answer with the tokens themselves, for an API client."""
        self.response.headers["Cache-Control"] = "no-store"
        return TokensOut(
            user=UserOut(id=grant.user_id, email=grant.email, name=grant.name),
            access_token=grant.access_token,
            refresh_token=grant.refresh_token,
            expires_in=ACCESS_SECONDS,
        )

    def cookies(self, grant: service.Grant) -> CookieSessionOut:
        """Put the tokens into cookies, for the page."""
        self.response.headers["Cache-Control"] = "no-store"
        csrf_token = identity_of(self.runtime).tokens.csrf(grant.session_id)
        set_session_cookies(
            self.response,
            access_token=grant.access_token,
            refresh_token=grant.refresh_token,
            csrf_token=csrf_token,
            secure=self.is_https,
        )
        user = UserOut(id=grant.user_id, email=grant.email, name=grant.name)
        return CookieSessionOut(user=user, csrf_token=csrf_token, expires_in=ACCESS_SECONDS)


async def _exchange(request: Request, response: Response, runtime: RuntimeDep) -> _Exchange:
    return _Exchange(runtime, request, response)


ExchangeDep = Annotated[_Exchange, Depends(_exchange)]


@router.post(
    "/auth/signup",
    status_code=status.HTTP_201_CREATED,
    operation_id="sign_up",
    responses=_LIMITED | problems({403: "`signup_closed`", 409: "`email_taken`"}),
)
async def sign_up(data: SignupIn, exchange: ExchangeDep, session: SessionMode = None) -> TokensOut | CookieSessionOut:
    """Make an account and log in."""
    grant = await service.sign_up(exchange.runtime, data, exchange.client)
    return exchange.cookies(grant) if session == "cookie" else exchange.tokens(grant)


@router.post(
    "/auth/login",
    operation_id="log_in",
    responses=_LIMITED | problems({401: "`invalid_credentials`, whether the address or the password is wrong."}),
)
async def log_in(data: LoginIn, exchange: ExchangeDep, session: SessionMode = None) -> TokensOut | CookieSessionOut:
    """Log in with email address and password."""
    grant = await service.log_in(exchange.runtime, data, exchange.client)
    return exchange.cookies(grant) if session == "cookie" else exchange.tokens(grant)


@router.post(
    "/auth/refresh",
    operation_id="refresh_session",
    responses=problems({401: "`invalid_refresh_token`", 403: "`csrf_failed`, by cookie alone."}),
)
async def refresh_session(exchange: ExchangeDep, data: RefreshIn | None = None) -> TokensOut | CookieSessionOut:
    """Exchange the newest refresh token (in the body, or the page's cookie) for new tokens. Using an old one ends the session."""
    token = _read_refresh(exchange.request, exchange.runtime, data)
    if token is None:
        raise InvalidRefreshTokenError
    grant = await service.refresh_session(exchange.runtime, token)
    return exchange.cookies(grant) if data is None else exchange.tokens(grant)


def _read_refresh(request: Request, runtime: Runtime, data: RefreshIn | None) -> RefreshToken | None:
    """The refresh token of the body, else of the cookie, which needs the CSRF value beside it; None when none is genuine."""
    tokens = identity_of(runtime).tokens
    if data is not None:
        return tokens.read_refresh(data.refresh_token)
    token = tokens.read_refresh(request.cookies.get(REFRESH_COOKIE, ""))
    if token is not None:
        check_csrf(request, runtime, token.session_id)
    return token


async def _ending_session(request: Request, runtime: RuntimeDep, data: RefreshIn | None = None) -> str | None:
    """The session that a log-out speaks of, by refresh token if there is one: the access token may have expired long ago."""
    by_header = "authorization" in request.headers
    if data is not None or (not by_header and REFRESH_COOKIE in request.cookies):
        token = _read_refresh(request, runtime, data)
        return None if token is None else token.session_id
    actor = await authenticate(request)
    if actor.session_id is None:
        raise SessionRequiredError
    return actor.session_id


@router.post("/auth/logout", status_code=status.HTTP_204_NO_CONTENT, operation_id="log_out", responses=_BY_PERSON)
async def log_out(
    session_id: Annotated[str | None, Depends(_ending_session)], exchange: ExchangeDep, tx: WriteDep
) -> None:
    """End this session, its tokens and its open sockets. A session that is over already is no error."""
    if session_id is not None:
        await service.end_session(exchange.runtime, tx, session_id)
    clear_session_cookies(exchange.response, secure=exchange.is_https)


@router.post(
    "/auth/password",
    status_code=status.HTTP_204_NO_CONTENT,
    operation_id="change_password",
    responses=_KNOWN | _LIMITED | problems({403: "`wrong_password`, `session_required` or `csrf_failed`"}),
)
async def change_password(actor: SessionActor, data: PasswordIn, runtime: RuntimeDep) -> None:
    """Change the password; all other sessions end."""
    await service.change_password(runtime, actor, data)


def _me(user: queries.User) -> MeOut:
    return MeOut(
        id=user.id, email=user.email, name=user.name, created_at=iso(user.created_at), is_operator=user.is_operator
    )


@router.get("/me", operation_id="read_me", responses=_KNOWN)
async def read_me(actor: CurrentActor, conn: ReadDep) -> MeOut:
    """Who I am."""
    return _me(await service.read_profile(conn, actor))


@router.patch("/me", operation_id="change_me", responses=_KNOWN | problems({403: "`read_only_key` or `csrf_failed`"}))
async def change_me(actor: CurrentActor, data: ProfileIn, runtime: RuntimeDep, tx: WriteDep) -> MeOut:
    """Change my name."""
    return _me(await service.rename(runtime, tx, actor, data.name))


def _key(key: queries.StoredKey) -> KeyOut:
    return KeyOut(
        id=key.id,
        name=key.name,
        scope=key.scope,
        prefix=key.prefix,
        created_at=iso(key.created_at),
        last_used_at=None if key.last_used_at is None else iso(key.last_used_at),
    )


@router.get("/keys", operation_id="list_keys", responses=_BY_PERSON)
async def list_keys(actor: SessionActor, runtime: RuntimeDep, conn: ReadDep) -> KeysOut:
    """My API keys."""
    return KeysOut(items=[_key(key) for key in await service.list_keys(runtime, conn, actor)])


@router.post(
    "/keys",
    status_code=status.HTTP_201_CREATED,
    operation_id="create_key",
    responses=_BY_PERSON | problems({409: "`too_many_keys`"}),
)
async def create_key(
    actor: SessionActor, data: KeyIn, response: Response, runtime: RuntimeDep, tx: WriteDep
) -> NewKeyOut:
    """Make an API key. It is shown this once."""
    stored, key = await service.create_key(runtime, tx, actor, name=data.name, scope=data.scope)
    response.headers["Cache-Control"] = "no-store"
    return NewKeyOut(**_key(stored).model_dump(), key=key)


@router.delete(
    "/keys/{key_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    operation_id="revoke_key",
    responses=_BY_PERSON | problems({404: "No such key of this person."}),
)
async def revoke_key(key_id: str, actor: SessionActor, runtime: RuntimeDep, tx: WriteDep) -> None:
    """Revoke an API key; sockets that it opened close."""
    await service.revoke_key(runtime, tx, actor, key_id)


@router.get("/config", operation_id="read_config")
async def read_config(runtime: RuntimeDep, conn: ReadDep) -> ConfigOut:
    """What the page must know before anybody logged in."""
    first_run = not await queries.has_users(conn)
    return ConfigOut(
        version=__version__,
        signup_open=runtime.policy.signup_open or first_run,
        first_run=first_run,
        max_document_bytes=runtime.policy.max_document_bytes,
    )
