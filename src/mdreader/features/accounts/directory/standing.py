"""How an account stands in the directory: asked before a way in that it knows nothing of lets anybody in."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from mdreader.features.accounts import queries
from mdreader.features.accounts.directory import queries as kept
from mdreader.features.accounts.errors import (
    DirectoryEmailUnverifiedError,
    InvalidCredentialsError,
    PasswordSignInRequiredError,
)
from mdreader.features.accounts.signing_in import Grant, SecondStep
from mdreader.kernel.errors import AppError
from mdreader.runtime import Runtime


@dataclass(frozen=True, slots=True)
class LocalStanding:
    """How a local account stands there, with all its links: enabled when each that is still there is, with an app when one has it."""

    enabled: bool
    totp: bool
    emails: frozenset[str]


async def standing_of(runtime: Runtime, user_id: str) -> LocalStanding | None:
    """How an account stands in the directory; None without one, or when the account is not linked to it."""
    if runtime.directory is None:
        return None
    async with runtime.database.read() as conn:
        subjects = await kept.subjects_of(conn, runtime.directory.issuer, user_id)
    if not subjects:
        return None
    found = [await runtime.directory.sessions.standing(subject) for subject in subjects]
    there = [one for one in found if one.known]
    return LocalStanding(
        enabled=bool(there) and all(one.enabled for one in there),
        totp=any(one.totp for one in there),
        emails=frozenset(one.email for one in there if one.email is not None),
    )


async def keeps(runtime: Runtime, conn: AsyncConnection, user_id: str) -> bool:
    """Whether the directory keeps an account: there is one, and the account is linked to it."""
    return runtime.directory is not None and bool(await kept.subjects_of(conn, runtime.directory.issuer, user_id))


def is_directory(runtime: Runtime, issuer: str) -> bool:
    """Whether a provider is the directory itself, which has asked for its second factor on its own pages."""
    return runtime.directory is not None and runtime.directory.issuer == issuer


async def checked(
    runtime: Runtime, result: Grant | SecondStep, *, two_factors: bool = False, by_mail: bool = False
) -> Grant | SecondStep:
    """`result` of a way in that the directory knows nothing of, when it lets the person in; else the session ends before it is told.

    `two_factors`: the way in was two itself, or the directory asked for its own. `by_mail`: an address was shown, which then must be
    one that the directory has confirmed. Raises `InvalidCredentialsError`, `PasswordSignInRequiredError`,
    `DirectoryEmailUnverifiedError`.
    """
    if not isinstance(result, Grant):
        return result
    standing = await standing_of(runtime, result.user_id)
    refusal: AppError | None = None
    if standing is None:
        if runtime.directory is None:
            return result
        # Of the time before the directory: it knows nothing of this account until somebody comes by its password.
        refusal = PasswordSignInRequiredError()
    elif not standing.enabled:
        refusal = InvalidCredentialsError()
    elif standing.totp and not two_factors:
        refusal = PasswordSignInRequiredError()
    elif by_mail and result.email not in standing.emails:
        refusal = DirectoryEmailUnverifiedError()
    if refusal is None:
        return result
    async with runtime.database.write() as tx:
        await queries.revoke_session(tx, result.session_id, runtime.clock.now())
    raise refusal
