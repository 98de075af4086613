"""Who checks passwords here: this server, or a directory. The routes ask; they do not care."""

from typing import Protocol

from mdreader.features.accounts import service
from mdreader.features.accounts.client import Client
from mdreader.features.accounts.codes import service as codes
from mdreader.features.accounts.directory import recovery as directory_recovery
from mdreader.features.accounts.directory import second_factor as directory_second_factor
from mdreader.features.accounts.directory import service as directory_service
from mdreader.features.accounts.schemas import LoginIn, PasswordIn, SignupIn
from mdreader.features.accounts.second_factor import service as second_factor
from mdreader.features.accounts.signing_in import Grant, SecondStep
from mdreader.features.accounts.tokens import RefreshToken
from mdreader.kernel.actor import Actor
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

    async def reset_password(
        self, runtime: Runtime, proof: codes.Proof, password: str, client: Client, *, revoke_keys: bool
    ) -> None:
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
    return codes if runtime.directory is None else directory_recovery


def second_factor_of(runtime: Runtime) -> SecondFactor:
    """Who checks second factors."""
    return second_factor if runtime.directory is None else directory_second_factor
