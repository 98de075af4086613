"""What accounts elsewhere ask of the database."""

from typing import NamedTuple

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mdreader.db.engine import Transaction
from mdreader.features.accounts.tables import identities


class StoredIdentity(NamedTuple):
    """An account elsewhere that lets somebody in here."""

    id: str
    user_id: str
    provider: str
    email: str | None
    created_at: int
    last_used_at: int | None


_STORED = (
    identities.c.id,
    identities.c.user_id,
    identities.c.provider,
    identities.c.email,
    identities.c.created_at,
    identities.c.last_used_at,
)


async def by_subject(conn: AsyncConnection, issuer: str, subject: str) -> StoredIdentity | None:
    """The link of an account elsewhere."""
    statement = select(*_STORED).where(identities.c.issuer == issuer, identities.c.subject == subject)
    row = (await conn.execute(statement)).one_or_none()
    return None if row is None else StoredIdentity(*row)


async def list_identities(conn: AsyncConnection, user_id: str) -> list[StoredIdentity]:
    """Somebody's links, oldest first."""
    statement = (
        select(*_STORED).where(identities.c.user_id == user_id).order_by(identities.c.created_at, identities.c.id)
    )
    return [StoredIdentity(*row) for row in await conn.execute(statement)]


async def insert_identity(tx: Transaction, stored: StoredIdentity, *, issuer: str, subject: str) -> None:
    """Raises `IntegrityError` when it is linked already."""
    await tx.conn.execute(insert(identities).values({**stored._asdict(), "issuer": issuer, "subject": subject}))


async def note_use(tx: Transaction, identity_id: str, now: int) -> bool:
    """Remember that it let somebody in; False when the link is gone."""
    result = await tx.conn.execute(update(identities).where(identities.c.id == identity_id).values(last_used_at=now))
    return result.rowcount == 1


async def issuer_of(conn: AsyncConnection, user_id: str, identity_id: str) -> str | None:
    """Who keeps the account behind one of somebody's links; None when there is no such one."""
    statement = select(identities.c.issuer).where(identities.c.id == identity_id, identities.c.user_id == user_id)
    return (await conn.execute(statement)).scalar_one_or_none()


async def delete_identity(tx: Transaction, user_id: str, identity_id: str) -> bool:
    """Forget one of somebody's links; False when there is no such one."""
    result = await tx.conn.execute(
        delete(identities).where(identities.c.id == identity_id, identities.c.user_id == user_id)
    )
    return result.rowcount == 1
