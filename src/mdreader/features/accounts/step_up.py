"""Some changes need more than a session: whoever sits down at an unlocked computer must not take the account with them."""

from typing import Final

from mdreader.features.accounts import limits, queries
from mdreader.features.accounts.errors import ReauthenticationRequiredError, WrongPasswordError
from mdreader.features.accounts.identity import identity_of
from mdreader.kernel.actor import Actor
from mdreader.kernel.errors import UnauthenticatedError
from mdreader.runtime import Runtime

FRESH_SECONDS: Final = 15 * 60


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
    if password is None or not user.has_password:
        raise ReauthenticationRequiredError(extra={"has_password": user.has_password})
    await limits.count(runtime.rate_limits, limits.LOGIN_BY_ACCOUNT, user.email)
    if not (await identity_of(runtime).passwords.verify(password, user.password_hash)).right:
        raise WrongPasswordError
    await runtime.rate_limits.reset(limits.LOGIN_BY_ACCOUNT, user.email)
    return user
