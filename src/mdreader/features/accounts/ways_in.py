"""Who checks passwords here: this server, or a directory. The routes ask; they do not care."""

from typing import Protocol

from mdreader.features.accounts import queries, service
from mdreader.features.accounts.client import Client
from mdreader.features.accounts.codes import service as codes
from mdreader.features.accounts.directory import queries as directory_queries
from mdreader.features.accounts.directory import service as directory_service
from mdreader.features.accounts.errors import InvalidCredentialsError, PasswordSignInRequiredError
from mdreader.features.accounts.schemas import LoginIn, PasswordIn, SignupIn
from mdreader.features.accounts.second_factor import service as second_factor
from mdreader.features.accounts.signing_in import Grant, SecondStep
from mdreader.features.accounts.tokens import RefreshToken
from mdreader.kernel.actor import Actor
from mdreader.ports.directory import Standing
from mdreader.runtime import Runtime


class PasswordSignIn(Protocol):
    """From nothing to a session, and on."""

    async def sign_up(self, runtime: Runtime, data: SignupIn, client: Client) -> Grant | SecondStep:
        """Make an account, and log in or ask for a mailed code."""
        ...

    async def log_in(self, runtime: Runtime, data: LoginIn, client: Client) -> Grant | SecondStep:
        """Begin a session, or ask for a second step."""
        ...

    async def refresh_session(self, runtime: Runtime, token: RefreshToken) -> Grant:
        """Exchange the newest refresh token for the next."""
        ...

    async def change_password(self, runtime: Runtime, actor: Actor, data: PasswordIn, client: Client) -> None:
        """Change the password; every other session ends."""
        ...


class Recovery(Protocol):
    """A password that was forgotten."""

    async def mail_reset(self, runtime: Runtime, email: str, client: Client) -> None:
        """Have something mailed that sets a new one."""
        ...

    async def reset_password(self, runtime: Runtime, proof: codes.Proof, password: str, client: Client) -> None:
        """Set a new one with it."""
        ...


class SecondFactor(Protocol):
    """What is asked for after the password."""

    async def complete_sign_in(
        self, runtime: Runtime, token: str, proof: second_factor.Proof, client: Client
    ) -> Grant | SecondStep:
        """The second step of signing in."""
        ...

    async def mail_code_again(self, runtime: Runtime, token: str, client: Client) -> None:
        """Another code for it."""
        ...

    async def begin(self, runtime: Runtime, actor: Actor, password: str | None) -> second_factor.NewApp:
        """A secret for an app."""
        ...

    async def confirm(self, runtime: Runtime, actor: Actor, code: str, client: Client) -> list[str]:
        """The app shows its first code; the recovery codes, if there are any."""
        ...

    async def disable(self, runtime: Runtime, actor: Actor, proof: second_factor.Proof, client: Client) -> None:
        """Remove the app."""
        ...

    async def renew_recovery_codes(self, runtime: Runtime, actor: Actor, code: str) -> list[str]:
        """Other recovery codes."""
        ...


def passwords_of(runtime: Runtime) -> PasswordSignIn:
    """Who checks passwords."""
    return service if runtime.directory is None else directory_service


def recovery_of(runtime: Runtime) -> Recovery:
    """Who replaces passwords that were forgotten."""
    return codes if runtime.directory is None else directory_service


def second_factor_of(runtime: Runtime) -> SecondFactor:
    """Who checks second factors."""
    return second_factor if runtime.directory is None else directory_service


async def standing_of(runtime: Runtime, user_id: str) -> Standing | None:
    """How an account stands in the directory; None without one, or when it is not there."""
    if runtime.directory is None:
        return None
    async with runtime.database.read() as conn:
        subject = await directory_queries.subject_of(conn, runtime.directory.issuer, user_id)
    return None if subject is None else await runtime.directory.sessions.standing(subject)


def is_directory(runtime: Runtime, issuer: str) -> bool:
    """Whether a provider is the directory itself, which has asked for its second factor on its own pages."""
    return runtime.directory is not None and runtime.directory.issuer == issuer


async def checked(runtime: Runtime, result: Grant | SecondStep, *, two_factors: bool = False) -> Grant | SecondStep:
    """`result` of a way in that the directory knows nothing of, when it lets the person in; else the session ends before it is told.

    `two_factors`: the way in was two itself, or the directory asked for its own.
    Raises `InvalidCredentialsError`, `PasswordSignInRequiredError`.
    """
    standing = await standing_of(runtime, result.user_id) if isinstance(result, Grant) else None
    if standing is None or (standing.enabled and (two_factors or not standing.totp)):
        return result
    assert isinstance(result, Grant)  # noqa: S101 - what has no session has no standing
    async with runtime.database.write() as tx:
        await queries.revoke_session(tx, result.session_id, runtime.clock.now())
    raise PasswordSignInRequiredError if standing.enabled else InvalidCredentialsError
