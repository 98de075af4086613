"""HTTP routes of accounts elsewhere."""

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response, status
from fastapi.responses import RedirectResponse

from mdreader.features.accounts.answers import BY_PERSON, LIMITED, Exchange, ExchangeDep
from mdreader.features.accounts.current import SessionActor
from mdreader.features.accounts.directory.standing import checked, is_directory
from mdreader.features.accounts.errors import (
    InvalidCredentialsError,
    OidcError,
    OidcFailedError,
    PasswordSignInRequiredError,
)
from mdreader.features.accounts.identity import identity_of
from mdreader.features.accounts.oidc import queries, service
from mdreader.features.accounts.oidc.schemas import AddressOut, IdentitiesOut, IdentityOut, LinkIn
from mdreader.features.accounts.second_factor.schemas import PasswordProofIn
from mdreader.features.accounts.signing_in import SecondStep, described
from mdreader.http.dependencies import ReadDep, RuntimeDep
from mdreader.http.errors import problems
from mdreader.kernel.clock import iso

router = APIRouter()

BROWSER_COOKIE: Final = "mdreader_oidc"
_COOKIE_PATH: Final = "/api/auth/oidc"
_SIGN_IN: Final = "/sign-in"
_Text = Annotated[str, Query(max_length=4096)]


def _keep(exchange: Exchange, response: Response, begun: service.Begun) -> None:
    # Lax: it must come along when the provider sends the browser back.
    response.set_cookie(
        BROWSER_COOKIE,
        begun.browser,
        max_age=service.SECONDS,
        path=_COOKIE_PATH,
        httponly=True,
        samesite="lax",
        secure=exchange.is_https,
    )


def _redirect(address: str) -> RedirectResponse:
    return RedirectResponse(address, status_code=status.HTTP_303_SEE_OTHER, headers={"Cache-Control": "no-store"})


def _refused(error: OidcError, provider: str) -> RedirectResponse:
    path = error.return_to if error.linking else _SIGN_IN
    return _redirect(service.page_address(path, error=error.reason, provider=provider))


@router.get("/auth/oidc/{provider}/start", include_in_schema=False)  # for browsers: answers with redirects alone
async def start(provider: str, request: Request, exchange: ExchangeDep, return_to: _Text = "/") -> Response:
    """Send the browser to a provider."""
    browser = request.cookies.get(BROWSER_COOKIE, "")
    try:
        begun = await service.begin(
            exchange.runtime, provider, return_to=return_to, browser=browser, client=exchange.client
        )
    except OidcError as error:
        return _refused(error, provider)
    response = _redirect(begun.url)
    _keep(exchange, response, begun)
    return response


@router.get("/auth/oidc/{provider}/callback", include_in_schema=False)
async def callback(
    provider: str,
    request: Request,
    exchange: ExchangeDep,
    *,
    state: _Text = "",
    code: _Text | None = None,
    error: _Text | None = None,
    iss: _Text | None = None,
) -> Response:
    """The browser comes back from a provider."""
    came = service.Return(state, code, error, iss, request.cookies.get(BROWSER_COOKIE, ""))
    try:
        arrived = await service.finish(exchange.runtime, provider, came, exchange.client)
    except OidcError as refusal:
        return _refused(refusal, provider)
    if arrived.result is None:
        return _redirect(service.page_address(arrived.return_to, linked=provider))
    try:
        itself = is_directory(exchange.runtime, service.client_of(exchange.runtime, provider).provider.issuer)
        result = await checked(exchange.runtime, arrived.result, two_factors=itself)
    except (InvalidCredentialsError, PasswordSignInRequiredError) as refusal:
        return _redirect(service.page_address(_SIGN_IN, error=refusal.code, provider=provider))
    if isinstance(result, SecondStep):
        said = {**described(result), "return_to": arrived.return_to}
        return _redirect(service.page_address(_SIGN_IN, **said))
    response = _redirect(arrived.return_to)
    exchange.set_cookies(result, response)
    return response


@router.get("/me/identities", operation_id="list_identities", responses=BY_PERSON)
async def list_identities(actor: SessionActor, runtime: RuntimeDep, conn: ReadDep) -> IdentitiesOut:
    """Accounts elsewhere that let me in here."""
    known = identity_of(runtime).providers
    return IdentitiesOut(
        items=[
            IdentityOut(
                id=row.id,
                provider=row.provider,
                name=known[row.provider].provider.name if row.provider in known else row.provider,
                email=row.email,
                created_at=iso(row.created_at),
                last_used_at=None if row.last_used_at is None else iso(row.last_used_at),
            )
            for row in await queries.list_identities(conn, actor.user_id)
        ]
    )


@router.post(
    "/me/identities/{provider}/start",
    operation_id="link_identity",
    responses=BY_PERSON | LIMITED | problems({404: "No such provider.", 503: "`oidc_failed`"}),
)
async def link_identity(
    provider: str, actor: SessionActor, data: LinkIn, request: Request, exchange: ExchangeDep
) -> AddressOut:
    """Begin to link an account elsewhere: the page sends the browser to `url`."""
    try:
        begun = await service.begin_link(
            exchange.runtime,
            actor,
            provider,
            return_to=data.return_to,
            password=data.password,
            browser=request.cookies.get(BROWSER_COOKIE, ""),
            client=exchange.client,
        )
    except OidcError:
        raise OidcFailedError from None
    _keep(exchange, exchange.response, begun)
    return AddressOut(url=begun.url)


@router.delete(
    "/me/identities/{identity_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    operation_id="unlink_identity",
    responses=BY_PERSON
    | LIMITED
    | problems({404: "No such link of this person.", 409: "`directory_link`: who keeps the account, keeps its link."}),
)
async def unlink_identity(
    identity_id: str, actor: SessionActor, runtime: RuntimeDep, data: PasswordProofIn | None = None
) -> None:
    """Forget an account elsewhere."""
    await service.unlink(runtime, actor, identity_id, data.password if data else None)
