"""Some changes need more than a session: whoever sits down at an unlocked computer must not take the account with them."""

from typing import Final

from mdreader.features.accounts import limits, queries
from mdreader.features.accounts.errors import ReauthenticationRequiredError, WrongPasswordError
from mdreader.features.accounts.identity import identity_of
from mdreader.kernel.actor import Actor
from mdreader.kernel.errors import UnauthenticatedError
from mdreader.ports.directory import DirectoryRefusedError
from mdreader.runtime import Runtime

FRESH_SECONDS: Final = 15 * 60


def needs_password() -> ReauthenticationRequiredError:
    """Only somebody who signed in with the password can do this now."""
    return ReauthenticationRequiredError("Log in again, with your password, to do this.", extra={"has_password": False})


async def check_password(runtime: Runtime, user: queries.User, password: str) -> None:
    """Raise `WrongPasswordError` for a wrong one. It counts like guessing at log-in; a right one takes itself back, and no other."""
    await limits.count(runtime.rate_limits, limits.LOGIN_BY_ACCOUNT, user.email)
    if not await _is_right(runtime, user, password):
        raise WrongPasswordError
    await runtime.rate_limits.refund(limits.LOGIN_BY_ACCOUNT, user.email)


async def _is_right(runtime: Runtime, user: queries.User, password: str) -> bool:
    if runtime.directory is None:
        return (await identity_of(runtime).passwords.verify(password, user.password_hash)).right
    try:
        await runtime.directory.passwords.log_in(user.email, password)
    except DirectoryRefusedError:
        return False
    return True


async def require(runtime: Runtime, actor: Actor, password: str | None) -> queries.User:
    """The account, when its owner signed in just now or shows the password; else `ReauthenticationRequiredError`.

    Guessing the password counts like guessing at log-in. Call it outside of a transaction: it hashes.
    """
    async with runtime.database.read() as conn:
        user = await queries.user_by_id(conn, actor.user_id)
        began = await queries.session_began(conn, actor.session_id or "")
    if user is None or began is None:
        raise UnauthenticatedError
    if 0 <= runtime.clock.now() - began < FRESH_SECONDS * 1000:
        return user
    has_password = user.has_password or runtime.directory is not None
    if password is None or not has_password:
        raise ReauthenticationRequiredError(extra={"has_password": has_password})
    await check_password(runtime, user, password)
    return user
