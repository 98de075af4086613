"""The schema of a PostgreSQL database: the same steps, run by one server at a time."""

from typing import TYPE_CHECKING

from sqlalchemy import text

from mdreader.migrations import HEAD, make_config, unknown

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

# Servers that start together take turns by this number; it means nothing but that it is ours.
TURN = 0x6D64726561646572


async def current_revision(conn: "AsyncConnection") -> str | None:
    """The revision that the database is at, or None when it has no schema yet."""
    if await conn.scalar(text("SELECT to_regclass('alembic_version')")) is None:
        return None
    found: str | None = await conn.scalar(text("SELECT version_num FROM alembic_version"))
    return found


async def upgrade(engine: "AsyncEngine", where: str) -> bool:
    """Bring the database to `HEAD`; True when there was something to do. `where` names it in errors.

    All steps are one transaction: killed halfway, the database is as it was. Raises `MigrationError`.
    """
    async with engine.connect() as conn:
        if await current_revision(conn) == HEAD:
            return False
    async with engine.begin() as conn:
        await conn.execute(text("SELECT pg_advisory_xact_lock(:turn)"), {"turn": TURN})
        current = await current_revision(conn)
        if current == HEAD:  # another server was faster
            return False
        await conn.run_sync(_run, current, where)
    return True


def _run(connection: "Connection", current: str | None, where: str) -> None:
    # Loaded only when there is work, as for SQLite.
    from alembic import command
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError

    config = make_config()
    config.attributes["connection"] = connection
    try:
        if current is not None:
            ScriptDirectory.from_config(config).get_revision(current)
        command.upgrade(config, "head")
    except CommandError as error:
        raise unknown(where, current) from error
