"""What ends when a database turns out to be a copy of another cell's: what was revoked there would hold here for ever."""

from sqlalchemy import update

from mdreader.db.engine import Transaction
from mdreader.features.accounts.tables import api_keys, sessions


async def end_what_signs_in(tx: Transaction, now: int) -> None:
    """End every session and every API key. Accounts, passwords and passkeys stay."""
    for table in (sessions, api_keys):
        await tx.conn.execute(update(table).where(table.c.revoked_at.is_(None)).values(revoked_at=now))
