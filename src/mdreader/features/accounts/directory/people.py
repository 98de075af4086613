"""Which local account somebody of the directory has, and making or linking it the first time."""

from collections.abc import Collection

from mdreader.db.engine import Transaction
from mdreader.features.accounts import challenges, queries
from mdreader.features.accounts.directory import queries as directory_queries
from mdreader.features.accounts.directory.refusals import directory_of
from mdreader.features.accounts.errors import DirectoryEmailUnverifiedError, DirectoryLinkError, SignupClosedError
from mdreader.features.accounts.schemas import NAME_CHARACTERS, normalise_email
from mdreader.features.accounts.signing_in import claim_address
from mdreader.kernel.events import ProfileChanged
from mdreader.kernel.ids import new_id
from mdreader.ports.directory import Profile
from mdreader.runtime import Runtime


async def links_that_are_over(runtime: Runtime, subject: str, email: str) -> frozenset[str]:
    """Who else of the directory has the local account with this address, and is no more there: for `admit`, before its transaction.

    Raises `DirectoryLinkError` when somebody who is there has it and goes by another address now: it is theirs, as long as they
    have not been here since.
    """
    directory, email = directory_of(runtime), normalise_email(email)
    async with runtime.database.read() as conn:
        if await directory_queries.find(conn, directory.issuer, subject) is not None:
            return frozenset()
        user = await queries.user_by_email(conn, email)
        # Where nobody has shown that the address is theirs, whoever does gets the account, and every link to it ends.
        claimed = user is not None and user.email_verified_at is not None
        linked = await directory_queries.subjects_of(conn, directory.issuer, user.id) if user and claimed else []
    over = set()
    for other in linked:
        standing = await directory.sessions.standing(other)
        if not standing.known:
            over.add(other)
        elif standing.email != email:
            raise DirectoryLinkError("Somebody else of the directory has the account with your address here.")
    return frozenset(over)


async def admit(
    runtime: Runtime, tx: Transaction, issuer: str, profile: Profile, *, over: Collection[str]
) -> queries.User:
    """The local account of `profile`: known by its subject; else the one with the same address, but only when the directory has
    confirmed that; else a new one. `over` comes from `links_that_are_over`. Raises `SignupClosedError`,
    `DirectoryEmailUnverifiedError`, and `IntegrityError` when the same person came in for the first time at the same moment: the
    next try finds the account.
    """  # noqa: D205 - one thought, which does not fit into a line
    now, email = runtime.clock.now(), normalise_email(profile.email)
    known = await directory_queries.find(tx.conn, issuer, profile.subject)
    if known is not None:
        user = await queries.user_by_id(tx.conn, known.user_id, lock=True)
        await directory_queries.used(tx, issuer=issuer, subject=profile.subject, now=now)
        if user is not None:
            return await keep_address(runtime, tx, user, email) if profile.email_verified else user
    user = await queries.user_by_email(tx.conn, email, lock=True)
    if user is None:
        user = await _make(runtime, tx, email, profile, now)
    elif profile.email_verified:
        # Whoever made the local account may be somebody else who put this address there.
        user = await claim_address(runtime, tx, user)
    else:
        raise DirectoryEmailUnverifiedError
    for other in over:
        await directory_queries.unlink(tx, user_id=user.id, issuer=issuer, subject=other)
    await directory_queries.link(tx, user_id=user.id, issuer=issuer, subject=profile.subject, email=email, now=now)
    return user


async def keep_address(runtime: Runtime, tx: Transaction, user: queries.User, email: str) -> queries.User:
    """The address here is the one that the directory has confirmed, unless another account here has that.

    Whoever gets an address that somebody has given up there must not come by their account here.
    """
    now = runtime.clock.now()
    if email == user.email:
        await queries.confirm_address(tx, user.id, now)
        return user._replace(email_verified_at=user.email_verified_at or now)
    if await queries.user_by_email(tx.conn, email) is not None:
        return user
    await queries.change_address(tx, user.id, email, now)
    await challenges.discard_all(tx, user.id, "magic_link", "verify_email", "password_reset")
    tx.after_commit(lambda: runtime.fanout.publish(ProfileChanged(user_id=user.id, name=user.name)))
    return user._replace(email=email, email_verified_at=now)


async def _make(runtime: Runtime, tx: Transaction, email: str, profile: Profile, now: int) -> queries.User:
    if not runtime.policy.signup_open and await queries.has_users(tx.conn):
        raise SignupClosedError
    verified_at = now if profile.email_verified else None
    user = queries.User(new_id(), email, profile.name[:NAME_CHARACTERS] or email, "", now, verified_at)
    await queries.insert_user(
        tx, user_id=user.id, email=email, name=user.name, password_hash="", now=now, email_verified_at=verified_at
    )
    return user
