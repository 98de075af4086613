"""What is stored of accounts in a directory. Instants in milliseconds."""

from collections.abc import Collection
from typing import Final, NamedTuple

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mdreader.db.engine import Transaction
from mdreader.features.accounts.queries import DIRECTORY
from mdreader.features.accounts.tables import api_keys, directory_sessions, identities, sessions
from mdreader.kernel.ids import new_id

_IDENTITY: Final = select(identities.c.user_id, identities.c.valid_after).where(
    identities.c.issuer == bindparam("issuer"), identities.c.subject == bindparam("subject")
)


class Identity(NamedTuple):
    """Whose local account somebody of the directory has; their tokens of before `valid_after` hold no longer."""

    user_id: str
    valid_after: int | None


class Kept(NamedTuple):
    """What the directory gave for a session, sealed, and for whom."""

    user_id: str
    refresh_token: bytes | None


async def find(conn: AsyncConnection, issuer: str, subject: str) -> Identity | None:
    """The local account of somebody of the directory."""
    row = (await conn.execute(_IDENTITY, {"issuer": issuer, "subject": subject})).one_or_none()
    return None if row is None else Identity(*row)


async def subjects_of(conn: AsyncConnection, issuer: str, user_id: str) -> list[str]:
    """How the directory calls a local account, the oldest link first: a person may have a password there and an account elsewhere."""
    statement = select(identities.c.subject).where(identities.c.issuer == issuer, identities.c.user_id == user_id)
    return list(await conn.scalars(statement.order_by(identities.c.id)))


async def key_owners(conn: AsyncConnection, issuer: str) -> list[str]:
    """Local accounts of the directory with API keys that hold."""
    statement = (
        select(identities.c.user_id)
        .join(api_keys, api_keys.c.user_id == identities.c.user_id)
        .where(identities.c.issuer == issuer, api_keys.c.revoked_at.is_(None))
        .distinct()
    )
    return sorted(await conn.scalars(statement))


async def unlink(tx: Transaction, *, user_id: str, issuer: str, subject: str) -> None:
    """`subject` is no more in the directory: the local account is somebody else's there."""
    statement = delete(identities).where(
        identities.c.user_id == user_id, identities.c.issuer == issuer, identities.c.subject == subject
    )
    await tx.conn.execute(statement)


async def link(tx: Transaction, *, user_id: str, issuer: str, subject: str, email: str, now: int) -> None:
    """From now on `subject` is this local account. Raises `IntegrityError` when somebody else linked it at the same moment."""
    row = {
        "id": new_id(),
        "user_id": user_id,
        "provider": DIRECTORY,
        "issuer": issuer,
        "subject": subject,
        "email": email,
        "created_at": now,
        "last_used_at": now,
    }
    await tx.conn.execute(insert(identities).values(row))


async def used(tx: Transaction, *, issuer: str, subject: str, now: int) -> None:
    """Somebody signed in."""
    statement = update(identities).where(identities.c.issuer == issuer, identities.c.subject == subject)
    await tx.conn.execute(statement.values(last_used_at=now))


async def sign_out_before(tx: Transaction, *, issuer: str, user_id: str, now: int) -> None:
    """Tokens of the directory that were given out until now hold no longer."""
    statement = update(identities).where(identities.c.issuer == issuer, identities.c.user_id == user_id)
    await tx.conn.execute(statement.values(valid_after=now))


async def kept(conn: AsyncConnection, session_id: str) -> Kept | None:
    """What the directory gave for a session that may have ended."""
    statement = (
        select(sessions.c.user_id, directory_sessions.c.refresh_token)
        .join(directory_sessions, directory_sessions.c.session_id == sessions.c.id, isouter=True)
        .where(sessions.c.id == session_id)
    )
    row = (await conn.execute(statement)).one_or_none()
    return None if row is None else Kept(*row)


async def keep(tx: Transaction, session_id: str, sealed: bytes) -> None:
    """Store what the directory gave for a session, the first time."""
    await tx.conn.execute(insert(directory_sessions).values(session_id=session_id, refresh_token=sealed))


async def keep_newer(tx: Transaction, session_id: str, sealed: bytes) -> None:
    """Store what the directory gave instead of what it gave before."""
    statement = update(directory_sessions).where(directory_sessions.c.session_id == session_id)
    await tx.conn.execute(statement.values(refresh_token=sealed))


async def kept_of(conn: AsyncConnection, session_ids: Collection[str]) -> list[tuple[str, bytes]]:
    """What the directory gave for each of these sessions."""
    columns = directory_sessions.c
    statement = select(columns.session_id, columns.refresh_token).where(columns.session_id.in_(session_ids))
    return [(row.session_id, row.refresh_token) for row in await conn.execute(statement)]


async def session_state(conn: AsyncConnection, session_id: str) -> tuple[int, int | None] | None:
    """When a session expires and when it was ended; None when there is none."""
    statement = select(sessions.c.expires_at, sessions.c.revoked_at).where(sessions.c.id == session_id)
    row = (await conn.execute(statement)).one_or_none()
    return None if row is None else (row.expires_at, row.revoked_at)


async def prolong(tx: Transaction, session_id: str, *, now: int, expires_at: int) -> None:
    """A newer token of the same sign-in was shown."""
    statement = update(sessions).where(sessions.c.id == session_id, sessions.c.revoked_at.is_(None))
    await tx.conn.execute(statement.values(last_used_at=now, expires_at=expires_at))
