"""Which local account somebody of the directory has, and making or linking it the first time."""

from mdreader.db.engine import Transaction
from mdreader.features.accounts import queries
from mdreader.features.accounts.directory import queries as directory_queries
from mdreader.features.accounts.errors import DirectoryEmailUnverifiedError, SignupClosedError
from mdreader.features.accounts.schemas import NAME_CHARACTERS, normalise_email
from mdreader.features.accounts.signing_in import claim_address
from mdreader.kernel.ids import new_id
from mdreader.ports.directory import Profile
from mdreader.runtime import Runtime


async def admit(runtime: Runtime, tx: Transaction, issuer: str, profile: Profile) -> queries.User:
    """The local account of `profile`: known by its subject; else the one with the same address, but only when the directory has
    confirmed that; else a new one. Raises `SignupClosedError`, `DirectoryEmailUnverifiedError`, and `IntegrityError` when the same
    person came in for the first time at the same moment: the next try finds the account.
    """  # noqa: D205 - one thought, which does not fit into a line
    now = runtime.clock.now()
    known = await directory_queries.find(tx.conn, issuer, profile.subject)
    if known is not None:
        user = await queries.user_by_id(tx.conn, known.user_id, lock=True)
        await directory_queries.used(tx, issuer=issuer, subject=profile.subject, now=now)
        if user is not None:
            return user
    email = normalise_email(profile.email)
    user = await queries.user_by_email(tx.conn, email, lock=True)
    if user is None:
        user = await _make(runtime, tx, email, profile, now)
    elif profile.email_verified:
        # Whoever made the local account may be somebody else who put this address there.
        user = await claim_address(runtime, tx, user)
    else:
        raise DirectoryEmailUnverifiedError
    await directory_queries.link(tx, user_id=user.id, issuer=issuer, subject=profile.subject, email=email, now=now)
    return user


async def _make(runtime: Runtime, tx: Transaction, email: str, profile: Profile, now: int) -> queries.User:
    if not runtime.policy.signup_open and await queries.has_users(tx.conn):
        raise SignupClosedError
    verified_at = now if profile.email_verified else None
    user = queries.User(new_id(), email, profile.name[:NAME_CHARACTERS] or email, "", now, verified_at)
    await queries.insert_user(
        tx, user_id=user.id, email=email, name=user.name, password_hash="", now=now, email_verified_at=verified_at
    )
    return user
