"""What the overview asks of the database."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from mdreader.features.accounts.tables import identities, passkeys


async def count_passkeys(conn: AsyncConnection, user_id: str) -> int:
    """How many passkeys an account has."""
    return int((await conn.execute(select(func.count()).where(passkeys.c.user_id == user_id))).scalar_one())


async def count_identities(conn: AsyncConnection, user_id: str) -> int:
    """How many accounts elsewhere are linked to it."""
    return int((await conn.execute(select(func.count()).where(identities.c.user_id == user_id))).scalar_one())
