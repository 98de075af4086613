"""A database that lets nobody go on for a while."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from sqlalchemy import text

from mdreader.db.engine import Database
from mdreader.db.sqlite import SqliteDatabase


@asynccontextmanager
async def holding_commits(database: Database) -> AsyncIterator[None]:
    """Nothing that is typed can be stored until the block ends."""
    if isinstance(database, SqliteDatabase):
        async with database.write_lock:
            yield
        return
    async with database.write() as tx:
        await tx.conn.execute(text("SELECT 1 FROM document_heads FOR UPDATE"))
        yield


@asynccontextmanager
async def holding_reads(database: Database) -> AsyncIterator[None]:
    """Every connection for reading is in use until the block ends."""
    connections = 4 if isinstance(database, SqliteDatabase) else 8
    async with AsyncExitStack() as stack:
        for _ in range(connections):
            await stack.enter_async_context(database.read())
        yield
