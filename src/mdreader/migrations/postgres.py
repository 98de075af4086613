"""The schema of a PostgreSQL database: the same steps, run by one server at a time, beside others that work."""

import asyncio
from typing import TYPE_CHECKING

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from mdreader import migrations
from mdreader.migrations.schema import Phase, Schema, schema_of

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

# Servers that start together take turns by this number; it means nothing but that it is ours.
TURN = 0x6D64726561646572
# A step that waits for a table makes everybody else wait for it, too: so it waits for seconds only, and comes back later.
LOCK_TIMEOUT = "2s"
TRIES = 30
RETRY_SECONDS = 1.0
_LOCK_NOT_AVAILABLE = "55P03"


async def current_schema(conn: "AsyncConnection") -> Schema:
    """What the database is at."""
    if await conn.scalar(text("SELECT to_regclass('alembic_version')")) is None:
        return Schema()
    return schema_of(await conn.scalars(text("SELECT version_num FROM alembic_version")))


async def upgrade(engine: "AsyncEngine", where: str, phase: Phase = "pre", *, moving: bool = False) -> bool:
    """Do the steps of `phase` that are missing; True when there were any. `where` names the database in errors.

    `moving`: for the move of an installation into it, which nobody else may interrupt.

    All of them are one transaction: killed halfway, the database is as it was. A database that is ahead of this version is left as it is
    while it still serves it, as in the middle of a deployment. Raises `MigrationError`.
    """
    async with engine.connect() as conn:
        if not moving and await conn.scalar(text("SELECT to_regclass(:name)"), {"name": migrations.MOVE_TABLE}):
            raise migrations.MigrationError(
                f"An installation is being moved into {where}, and not all of it is there. "
                "Run mdreader migrate-data again: it goes on where it was."
            )
        if not _missing(await current_schema(conn), where, phase):
            return False
    for tries in range(TRIES):
        try:
            return await _try(engine, where, phase)
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) != _LOCK_NOT_AVAILABLE or tries == TRIES - 1:
                raise
        await asyncio.sleep(RETRY_SECONDS)
    raise AssertionError  # pragma: no cover - the last try returns or raises


async def _try(engine: "AsyncEngine", where: str, phase: Phase) -> bool:
    async with engine.begin() as conn:
        await conn.execute(text("SELECT pg_advisory_xact_lock(:turn)"), {"turn": TURN})
        await conn.execute(text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'"))
        missing = _missing(await current_schema(conn), where, phase)
        if missing:
            await conn.run_sync(_run, missing)
    return bool(missing)


def _missing(schema: Schema, where: str, phase: Phase) -> list[str]:
    """The steps to go to. Raises `MigrationError` for a database that this version cannot work with."""
    if schema.outgrew(migrations.HEAD):
        raise migrations.unknown(where, str(schema))
    targets = []
    if phase != "post" and (schema.pre is None or schema.pre < migrations.HEAD):
        targets.append(migrations.HEAD)
    # A new database has nobody on it who would need what a later step takes away.
    wanted = phase != "pre" or schema.pre is None
    if wanted and migrations.POST is not None and (schema.post is None or schema.post < migrations.POST):
        targets.append(migrations.POST)
    return targets


def _run(connection: "Connection", targets: list[str]) -> None:
    from alembic import command

    config = migrations.make_config()
    config.attributes["connection"] = connection
    for target in targets:
        command.upgrade(config, target)
