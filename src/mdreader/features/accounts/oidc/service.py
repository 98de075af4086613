"""Signing in with an account elsewhere, and linking one.

An account elsewhere and one here become one by themselves only when both have the same address and both confirmed it: the provider
says so of theirs, we know it of ours. Whoever is signed in here may link any.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

import structlog
from pydantic import TypeAdapter, ValidationError
from sqlalchemy.exc import IntegrityError

from mdreader.db.engine import Transaction
from mdreader.features.accounts import challenges, limits, queries
from mdreader.features.accounts.client import Client
from mdreader.features.accounts.directory import queries as directory_queries
from mdreader.features.accounts.directory.people import keep_address, links_that_are_over
from mdreader.features.accounts.directory.standing import is_directory, keeps
from mdreader.features.accounts.errors import (
    DirectoryLinkError,
    IdentityNotFoundError,
    OidcError,
    ProviderNotFoundError,
)
from mdreader.features.accounts.identity import identity_of
from mdreader.features.accounts.oidc import queries as stored
from mdreader.features.accounts.oidc.client import Person, ProviderClient, ProviderError
from mdreader.features.accounts.oidc.linking import NewIdentity, link
from mdreader.features.accounts.schemas import NAME_CHARACTERS, Email, is_clean
from mdreader.features.accounts.signing_in import Grant, SecondStep, sign_in
from mdreader.features.accounts.step_up import require
from mdreader.kernel.actor import Actor
from mdreader.kernel.ids import new_id
from mdreader.runtime import Runtime

log = structlog.get_logger(__name__)

SECONDS: Final = 10 * 60
_SECRET_BYTES: Final = 32
_EMAIL: Final = TypeAdapter(Email)


@dataclass(frozen=True, slots=True)
class Begun:
    """Where the browser goes, and the secret that it keeps in a cookie: only the browser that began may come back."""

    url: str
    browser: str


@dataclass(frozen=True, slots=True)
class Return:
    """What came back from a provider, and with it from the browser."""

    state: str
    code: str | None
    error: str | None
    issuer: str | None
    browser: str


@dataclass(frozen=True, slots=True)
class Arrived:
    """How it ended: signed in or on the way there, or (without `result`) linked; and where the page goes on."""

    result: Grant | SecondStep | None
    return_to: str


def client_of(runtime: Runtime, provider_id: str) -> ProviderClient:
    """The provider with this id. Raises `ProviderNotFoundError`."""
    try:
        return identity_of(runtime).providers[provider_id]
    except KeyError:
        raise ProviderNotFoundError from None


def safe_path(path: str) -> str:
    """`path`, when it is one of the page's own; else `/`. Whoever makes a link here must not choose where it ends."""
    ours = path.startswith("/") and not path.startswith(("//", "/\\", "/api/")) and path.isprintable()
    return path if ours and "\\" not in path else "/"


async def begin(
    runtime: Runtime,
    provider_id: str,
    *,
    return_to: str,
    browser: str,
    client: Client,
    actor: Actor | None = None,
) -> Begun:
    """Send the browser to a provider: to sign in, or for `actor` to link. `browser` is the secret that it has already, if any."""
    provider = client_of(runtime, provider_id)
    await limits.count(runtime.rate_limits, limits.CEREMONIES_BY_ADDRESS, limits.address_key(client.address))
    if len(browser) != challenges.TOKEN_CHARACTERS:
        browser = secrets.token_urlsafe(_SECRET_BYTES)
    nonce, verifier = secrets.token_urlsafe(_SECRET_BYTES), secrets.token_urlsafe(_SECRET_BYTES)
    data: dict[str, Any] = {
        "provider": provider_id,
        "nonce": nonce,
        "verifier": verifier,
        "return_to": safe_path(return_to),
        "browser": _digest(browser),
        "session": actor.session_id if actor else None,
    }
    async with runtime.database.write() as tx:
        issued = await challenges.issue(
            runtime, tx, "oidc", user_id=actor.user_id if actor else None, data=data, seconds=SECONDS
        )
    try:
        url = await provider.authorization_url(
            redirect_uri=_redirect_uri(client, provider_id), state=issued.token, nonce=nonce, verifier=verifier
        )
    except ProviderError as error:
        log.warning("provider_failed", provider=provider_id, error=str(error))
        raise OidcError("oidc_failed", safe_path(return_to), linking=actor is not None) from error
    return Begun(url, browser)


async def begin_link(
    runtime: Runtime,
    actor: Actor,
    provider_id: str,
    *,
    return_to: str,
    password: str | None,
    browser: str,
    client: Client,
) -> Begun:
    """Send the browser of somebody who is signed in to a provider, to link their account there."""
    await require(runtime, actor, password)
    return await begin(runtime, provider_id, return_to=return_to, browser=browser, client=client, actor=actor)


async def finish(runtime: Runtime, provider_id: str, came: Return, client: Client) -> Arrived:
    """The browser is back. Raises `OidcError`, which knows where the page goes on."""
    provider = client_of(runtime, provider_id)
    async with runtime.database.write() as tx:
        found = await challenges.take(runtime, tx, "oidc", came.state)
    if found is None or found.data["provider"] != provider_id:
        raise OidcError("oidc_failed", "/")
    data, linking = found.data, found.user_id is not None
    if not hmac.compare_digest(data["browser"], _digest(came.browser)):
        raise OidcError("oidc_failed", "/")
    person = await _identify(provider, came, data, client, runtime.clock.now(), linking=linking)
    try:
        over = await _links_that_are_over(runtime, person) if not linking else frozenset()
        async with runtime.database.write() as tx:
            if linking:
                await _link(runtime, tx, provider, person, found=found, client=client)
                return Arrived(None, data["return_to"])
            user, identity = await _find_or_make(runtime, tx, provider, person)
            for subject in over:
                await directory_queries.unlink(tx, user_id=user.id, issuer=person.issuer, subject=subject)
            method = provider.provider.id
            result = await sign_in(runtime, tx, user, method=method, client=client, identity=identity)
            return Arrived(result, data["return_to"])
    except OidcRefusal as refusal:
        raise OidcError(refusal.code, data["return_to"], linking=linking) from None
    except IntegrityError:
        # Twice at once, and the other was first: the next try finds what it made.
        raise OidcError("oidc_failed", data["return_to"], linking=linking) from None


class OidcRefusal(Exception):  # noqa: N818 - a verdict on the way to `OidcError`
    """Why this account elsewhere lets nobody in."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


async def _identify(
    provider: ProviderClient, came: Return, data: dict[str, Any], client: Client, now: int, *, linking: bool
) -> Person:
    return_to = data["return_to"]
    if came.error is not None:
        code = "oidc_cancelled" if came.error == "access_denied" else "oidc_failed"
        raise OidcError(code, return_to, linking=linking)
    # RFC 9207: an answer that names its issuer must name this one.
    foreign = came.issuer is not None and came.issuer.rstrip("/") != provider.provider.issuer.rstrip("/")
    if not came.code or foreign:
        raise OidcError("oidc_failed", return_to, linking=linking)
    try:
        return await provider.identify(
            code=came.code,
            redirect_uri=_redirect_uri(client, provider.provider.id),
            nonce=data["nonce"],
            verifier=data["verifier"],
            now=now,
        )
    except ProviderError as error:
        log.warning("provider_failed", provider=provider.provider.id, error=str(error))
        raise OidcError("oidc_failed", return_to, linking=linking) from error


async def _links_that_are_over(runtime: Runtime, person: Person) -> frozenset[str]:
    if not is_directory(runtime, person.issuer) or person.email is None:
        return frozenset()
    try:
        return await links_that_are_over(runtime, person.subject, person.email)
    except DirectoryLinkError:
        raise OidcRefusal("identity_taken") from None


async def _link(
    runtime: Runtime,
    tx: Transaction,
    provider: ProviderClient,
    person: Person,
    *,
    found: challenges.Challenge,
    client: Client,
) -> None:
    """Link for the session that began, which must hold still."""
    session_id = found.data["session"] or ""
    user = await queries.hold_session(tx, found.user_id or "", session_id, runtime.clock.now())
    if user is None:
        raise OidcRefusal("oidc_failed")
    known = await stored.by_subject(tx.conn, person.issuer, person.subject)
    if known is not None and known.user_id != user.id:
        raise OidcRefusal("identity_taken")
    if known is None and is_directory(runtime, person.issuer) and await keeps(runtime, tx.conn, user.id):
        # One account here is one person there: another's must not let somebody in whom the directory has shut out.
        raise OidcRefusal("identity_taken")
    if known is None:
        await link(runtime, tx, _new_identity(provider, person), user_id=user.id, email=user.email, client=client)


async def _find_or_make(
    runtime: Runtime, tx: Transaction, provider: ProviderClient, person: Person
) -> tuple[queries.User, NewIdentity | None]:
    """Whose account this is, and what is to be linked to it once every factor was shown."""
    now = runtime.clock.now()
    known = await stored.by_subject(tx.conn, person.issuer, person.subject)
    if known is not None:
        user = await queries.user_by_id(tx.conn, known.user_id, lock=True)
        if user is None or not await stored.note_use(tx, known.id, now):
            raise OidcRefusal("oidc_failed")
        if is_directory(runtime, person.issuer) and person.email_verified:
            user = await keep_address(runtime, tx, user, _address(person))
        return user, None
    email = _address(person)
    user = await queries.user_by_email(tx.conn, email, lock=True)
    if user is not None and user.email_verified_at is None:
        raise OidcRefusal("account_unverified")
    if user is None:
        if not runtime.policy.signup_open and not await queries.is_first(tx):
            raise OidcRefusal("signup_closed")
        user = queries.User(new_id(), email, _name(person.name, email), "", now, now)
        await queries.insert_user(
            tx,
            user_id=user.id,
            email=user.email,
            name=user.name,
            password_hash="",
            now=now,
            email_verified_at=now,
        )
    return user, _new_identity(provider, person)


def _new_identity(provider: ProviderClient, person: Person) -> NewIdentity:
    known = provider.provider
    return NewIdentity(known.id, known.name, person.issuer, person.subject, person.email)


def _address(person: Person) -> str:
    if person.email is None or not person.email_verified:
        raise OidcRefusal("email_unverified_at_provider")
    try:
        return _EMAIL.validate_python(person.email)
    except ValidationError:
        raise OidcRefusal("email_unverified_at_provider") from None


def _name(name: str, email: str) -> str:
    """A name of ours: providers let people call themselves anything."""
    kept = " ".join("".join(letter if is_clean(letter) else " " for letter in name).split())[:NAME_CHARACTERS].strip()
    return kept or email.partition("@")[0][:NAME_CHARACTERS]


def _redirect_uri(client: Client, provider_id: str) -> str:
    return f"{client.base}/api/auth/oidc/{provider_id}/callback"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


async def unlink(runtime: Runtime, actor: Actor, identity_id: str, password: str | None) -> None:
    """Forget an account elsewhere. A mailed link stays as a way in. Raises `DirectoryLinkError` for what the directory is asked by."""
    await require(runtime, actor, password)
    async with runtime.database.write() as tx:
        issuer = await stored.issuer_of(tx.conn, actor.user_id, identity_id)
        if issuer is None:
            raise IdentityNotFoundError
        if is_directory(runtime, issuer):
            raise DirectoryLinkError
        await stored.delete_identity(tx, actor.user_id, identity_id)


def page_address(path: str, **said: str) -> str:
    """An address of the page that carries `said` in its fragment."""
    return f"{path}#{urlencode(said)}"
