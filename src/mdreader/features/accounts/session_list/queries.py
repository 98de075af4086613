"""What the list of sessions asks of the database."""

from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from mdreader.features.accounts.tables import sessions


class StoredSession(NamedTuple):
    """A session as its owner sees it."""

    id: str
    user_agent: str
    address: str
    method: str
    created_at: int
    last_used_at: int


async def list_sessions(conn: AsyncConnection, user_id: str, now: int) -> list[StoredSession]:
    """The sessions that hold, newest first."""
    columns = sessions.c
    statement = (
        select(
            columns.id,
            columns.user_agent,
            columns.address,
            columns.method,
            columns.created_at,
            columns.last_used_at,
        )
        .where(columns.user_id == user_id, columns.revoked_at.is_(None), columns.expires_at > now)
        .order_by(columns.created_at.desc(), columns.id.desc())
    )
    return [StoredSession(*row) for row in await conn.execute(statement)]


async def is_of(conn: AsyncConnection, session_id: str, user_id: str, now: int) -> bool:
    """Whether this session holds and is this person's."""
    columns = sessions.c
    statement = select(columns.id).where(
        columns.id == session_id, columns.user_id == user_id, columns.revoked_at.is_(None), columns.expires_at > now
    )
    return (await conn.execute(statement)).first() is not None
