"""PostgreSQL: connections from a pool, transactions side by side. Chosen by `DATABASE_URL`; only then its driver is loaded."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Any

from sqlalchemy import event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from mdreader.db.doubts import Doubts
from mdreader.db.engine import COMPANY, Dialect, Transaction
from mdreader.db.postgres_address import PostgresAddress
from mdreader.db.trouble import explained, is_in_doubt, reaching
from mdreader.kernel.tracing import doing

# How long a request waits for a connection before it is told that the database does not answer.
POOL_SECONDS = 5.0
# A connection is not used for longer: another server behind the same name gets its share after a failover.
RECYCLE_SECONDS = 1800


class PostgresDatabase:
    """Implements `Database`. A pool for reading and one for writing: who reads while he writes does not wait for other writers."""

    dialect: Dialect = "postgresql"

    def __init__(self, address: PostgresAddress, doubts: Doubts | None = None) -> None:
        self.address = address
        self.doubts = doubts or Doubts()
        # AUTOCOMMIT: a read is one statement, and one way to the database and back.
        reading = "READ COMMITTED" if address.pooled else "AUTOCOMMIT"
        self._reader = make_engine(address, isolation=reading, size=address.pool_size)
        writer = make_engine(address, isolation="READ COMMITTED", size=address.pool_size)
        self._writer = writer.execution_options(**{COMPANY: True})

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """See `Database.read`."""
        async with AsyncExitStack() as stack:
            with reaching():
                conn = await stack.enter_async_context(self._reader.connect())
            with explained():
                yield conn

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Transaction]:
        """See `Database.write`."""
        async with AsyncExitStack() as stack:
            stack.enter_context(doing("db.transaction"))
            with reaching():
                conn = await stack.enter_async_context(self._writer.connect())
            tx = Transaction(conn)
            with explained():
                transaction = await conn.begin()
                try:
                    yield tx
                except BaseException:
                    await transaction.rollback()
                    raise

                async def commit() -> None:
                    try:
                        await transaction.commit()
                    except BaseException as error:
                        if tx.is_awaited and is_in_doubt(error):
                            self.doubts.arise()
                        raise
                    tx.committed()

                await _to_its_end(commit())

    def alone(self) -> "PostgresDatabase":
        """The same database through a connection of its own, whose owner closes it."""
        return PostgresDatabase(replace(self.address, pool_size=1), self.doubts)

    async def settled(self) -> None:
        """See `Database.settled`: PostgreSQL shows nobody what is not on its disk."""

    async def close(self) -> None:
        """Close every connection."""
        self.doubts.end()
        await self._reader.dispose()
        await self._writer.dispose()


@asynccontextmanager
async def making_changes(address: PostgresAddress) -> AsyncIterator[AsyncEngine]:
    """An engine for changes of the schema and moves of data, which may take their time. Raises `UnavailableError`."""
    patient = replace(address, connect={**address.connect, "command_timeout": None})
    engine = make_engine(patient, isolation="READ COMMITTED", size=2)
    try:
        with reaching():
            async with engine.connect():
                pass
        with explained():
            yield engine
    finally:
        await engine.dispose()


async def _to_its_end(commit: Any) -> None:
    """Await a commit. A request that is cancelled meanwhile has committed all the same, and others must hear of it."""
    task = asyncio.ensure_future(commit)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise


def make_engine(address: PostgresAddress, *, isolation: str, size: int) -> AsyncEngine:
    """An engine with at most `size` connections."""
    connector = {} if address.connector is None else {"async_creator_fn": address.connector}
    engine = create_async_engine(
        address.url,
        connect_args=address.connect | connector,
        isolation_level=isolation,
        pool_size=size,
        max_overflow=0,
        pool_timeout=POOL_SECONDS,
        pool_recycle=RECYCLE_SECONDS,
        pool_use_lifo=True,  # those that nobody needs grow old, and are not made again
    )

    @event.listens_for(engine.sync_engine, "checkout")
    def look(dbapi: Any, _record: Any, _proxy: Any) -> None:
        # Costs nothing, unlike a ping: the driver has heard when PostgreSQL ended the connection.
        if dbapi.driver_connection.is_closed():
            raise DisconnectionError

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(dbapi: Any, _record: Any) -> None:
        # What is acknowledged is on the disk, whatever was set for the role or the database. Asked first, because setting anything
        # pins a connection behind RDS Proxy.
        cursor = dbapi.cursor()
        cursor.execute("SELECT current_setting('synchronous_commit')")
        if cursor.fetchone()[0] == "off":
            cursor.execute("SELECT set_config('synchronous_commit', 'on', false)")
        cursor.close()
        dbapi.commit()

    return engine
