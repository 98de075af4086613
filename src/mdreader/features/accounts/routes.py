"""HTTP routes of accounts."""

from typing import Annotated

from fastapi import Depends, Request, Response, status

from mdreader import __version__
from mdreader.features.accounts import queries, service
from mdreader.features.accounts.answers import BY_PERSON, KNOWN, LIMITED, ExchangeDep, SessionMode, SignIn
from mdreader.features.accounts.codes import routes as codes
from mdreader.features.accounts.cookies import REFRESH_COOKIE
from mdreader.features.accounts.current import CurrentActor, SessionActor, authenticate, check_csrf
from mdreader.features.accounts.errors import InvalidRefreshTokenError, SessionRequiredError
from mdreader.features.accounts.identity import identity_of
from mdreader.features.accounts.oidc import routes as oidc
from mdreader.features.accounts.overview import routes as overview
from mdreader.features.accounts.passkeys import routes as passkeys
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
    SecondStepOut,
    SignupIn,
    TokensOut,
)
from mdreader.features.accounts.second_factor import routes as second_factor
from mdreader.features.accounts.session_list import routes as session_list
from mdreader.features.accounts.signing_in import SecondStep
from mdreader.features.accounts.tokens import RefreshToken
from mdreader.features.accounts.ways_in import passwords_of
from mdreader.http.dependencies import ReadDep, RuntimeDep, WriteDep
from mdreader.http.errors import problems
from mdreader.http.routes import make_router
from mdreader.kernel.clock import iso
from mdreader.runtime import Runtime

router = make_router("/api", "accounts")


@router.post(
    "/auth/signup",
    status_code=status.HTTP_201_CREATED,
    operation_id="sign_up",
    responses=LIMITED
    | problems({403: "`signup_closed`", 409: "`email_taken`"})
    | {202: {"model": SecondStepOut, "description": "The address must be confirmed first: a code was mailed there."}},
)
async def sign_up(data: SignupIn, exchange: ExchangeDep, session: SessionMode = None) -> SignIn:
    """Make an account and log in."""
    result = await passwords_of(exchange.runtime).sign_up(exchange.runtime, data, exchange.client)
    if isinstance(result, SecondStep):
        exchange.response.status_code = status.HTTP_202_ACCEPTED
    return exchange.sign_in(result, session)


@router.post(
    "/auth/login",
    operation_id="log_in",
    responses=LIMITED | problems({401: "`invalid_credentials`, whether the address or the password is wrong."}),
)
async def log_in(data: LoginIn, exchange: ExchangeDep, session: SessionMode = None) -> SignIn:
    """Log in with email address and password; `mfa_required` asks for a second step."""
    result = await passwords_of(exchange.runtime).log_in(exchange.runtime, data, exchange.client)
    return exchange.sign_in(result, session)


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
    grant = await passwords_of(exchange.runtime).refresh_session(exchange.runtime, token)
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


@router.post("/auth/logout", status_code=status.HTTP_204_NO_CONTENT, operation_id="log_out", responses=BY_PERSON)
async def log_out(
    session_id: Annotated[str | None, Depends(_ending_session)], exchange: ExchangeDep, tx: WriteDep
) -> None:
    """End this session, its tokens and its open sockets. A session that is over already is no error."""
    if session_id is not None:
        await service.end_session(exchange.runtime, tx, session_id)
    exchange.clear_cookies()


@router.post(
    "/auth/password",
    status_code=status.HTTP_204_NO_CONTENT,
    operation_id="change_password",
    responses=KNOWN | LIMITED | problems({403: "`wrong_password`, `session_required` or `csrf_failed`"}),
)
async def change_password(actor: SessionActor, data: PasswordIn, exchange: ExchangeDep) -> None:
    """Change the password; all other sessions end."""
    await passwords_of(exchange.runtime).change_password(exchange.runtime, actor, data, exchange.client)


def _me(user: queries.User) -> MeOut:
    return MeOut(
        id=user.id, email=user.email, name=user.name, created_at=iso(user.created_at), is_operator=user.is_operator
    )


@router.get("/me", operation_id="read_me", responses=KNOWN)
async def read_me(actor: CurrentActor, conn: ReadDep) -> MeOut:
    """Who I am."""
    return _me(await service.read_profile(conn, actor))


@router.patch("/me", operation_id="change_me", responses=KNOWN | problems({403: "`read_only_key` or `csrf_failed`"}))
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


@router.get("/keys", operation_id="list_keys", responses=BY_PERSON)
async def list_keys(actor: SessionActor, runtime: RuntimeDep, conn: ReadDep) -> KeysOut:
    """My API keys."""
    return KeysOut(items=[_key(key) for key in await service.list_keys(runtime, conn, actor)])


@router.post(
    "/keys",
    status_code=status.HTTP_201_CREATED,
    operation_id="create_key",
    responses=BY_PERSON
    | LIMITED
    | problems({403: "`reauthentication_required` or `wrong_password`", 409: "`too_many_keys`"}),
)
async def create_key(actor: SessionActor, data: KeyIn, response: Response, runtime: RuntimeDep) -> NewKeyOut:
    """Make an API key, with a sign-in of the last 15 minutes or the password. It is shown this once."""
    stored, key = await service.create_key(runtime, actor, name=data.name, scope=data.scope, password=data.password)
    response.headers["Cache-Control"] = "no-store"
    return NewKeyOut(**_key(stored).model_dump(), key=key)


@router.delete(
    "/keys/{key_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    operation_id="revoke_key",
    responses=BY_PERSON | problems({404: "No such key of this person."}),
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


for _part in (codes, second_factor, passkeys, oidc, session_list, overview):
    router.include_router(_part.router)
