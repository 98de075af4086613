"""Secrets that servers on one PostgreSQL share: they have nothing else in common. With SQLite they are files of the data folder."""

from collections.abc import Callable

from sqlalchemy import Column, LargeBinary, String, Table, select

from mdreader.db.engine import Database
from mdreader.db.metadata import metadata

secrets = Table(
    "secrets",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", LargeBinary, nullable=False),
)


async def shared_secret(database: Database, name: str, make: Callable[[], bytes]) -> bytes:
    """The secret called `name`, made by whichever server asks first. Raises `UnavailableError`."""
    statement = select(secrets.c.value).where(secrets.c.name == name)
    async with database.read() as conn:
        found: bytes | None = await conn.scalar(statement)
    if found is not None:
        return found
    async with database.write() as tx:
        await tx.take_turn(f"secret {name}")
        found = await tx.conn.scalar(statement)
        if found is None:
            found = make()
            await tx.conn.execute(secrets.insert().values(name=name, value=found))
    return found
