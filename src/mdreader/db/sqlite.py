"""SQLite: read connections, and write transactions that take turns.

Statements run on the event loop's thread (see `sqlite_inline`), the disk is waited for on another (see `wal_sync`).
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncTransaction, create_async_engine

from mdreader.db import sqlite_inline
from mdreader.db.engine import Dialect, Transaction
from mdreader.db.trouble import explained, is_busy
from mdreader.db.wal_sync import WalSync
from mdreader.kernel.errors import UnavailableError
from mdreader.kernel.tracing import doing

# For connections of other threads and tools, which wait for each other and for the disk.
SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA busy_timeout=5000",
    "PRAGMA journal_size_limit=67108864",
    "PRAGMA cache_size=-8192",
)
# For connections on the event loop, which must wait for nothing.
INLINE_PRAGMAS = (
    *SQLITE_PRAGMAS,
    "PRAGMA busy_timeout=0",
    "PRAGMA synchronous=NORMAL",  # `WalSync` does the rest, before anybody is told of a commit
    "PRAGMA wal_autocheckpoint=0",
)
# Seconds until another try when another process (a backup, a shell) holds the write lock, and how often.
BUSY_RETRY = 0.01
BUSY_TRIES = 500


class SqliteDatabase:
    """Implements `Database` with a file at `path`: an engine for reading and one for writing."""

    dialect: Dialect = "sqlite"

    def __init__(self, path: Path | str) -> None:
        self.path = str(path)
        # SQLite has one writer at a time: writers of this process queue here and not in its busy handler, which sleeps.
        self.write_lock = asyncio.Lock()
        self.wal = WalSync(self.path, SQLITE_PRAGMAS)
        # AUTOCOMMIT and no reset: a read is one statement, and needs no BEGIN and no ROLLBACK around it.
        self._reader = self._engine(size=4, isolation_level="AUTOCOMMIT", pool_reset_on_return=None)
        self._writer = self._engine(size=1)

        @event.listens_for(self._writer.sync_engine, "begin")
        def begin_immediate(conn: Any) -> None:
            # A deferred transaction that upgrades to writing fails at once with SQLITE_BUSY, whatever the timeout.
            conn.exec_driver_sql("BEGIN IMMEDIATE")

    def _engine(self, *, size: int, **options: Any) -> AsyncEngine:
        url = f"{sqlite_inline.NAME.replace('.', '+')}:///{self.path}"
        engine = create_async_engine(url, pool_size=size, max_overflow=0, **options)

        @event.listens_for(engine.sync_engine, "connect")
        def prepare(dbapi: Any, _record: Any) -> None:
            dbapi.isolation_level = None  # we say BEGIN ourselves
            cursor = dbapi.cursor()
            for pragma in INLINE_PRAGMAS:
                cursor.execute(pragma)
            cursor.close()

        return engine

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """See `Database.read`."""
        async with self._reader.connect() as conn:
            yield conn

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Transaction]:
        """See `Database.write`. Raises `UnavailableError` when another process does not let go of the database."""
        with doing("db.transaction"):
            async with self.write_lock, self._writer.connect() as conn:
                tx = Transaction(conn)
                with explained():
                    transaction = await self._begin(conn)
                    try:
                        yield tx
                    except BaseException:
                        await transaction.rollback()
                        raise
                    await transaction.commit()
            committed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

            def told(error: Exception | None) -> None:
                # Here and not behind the await: a request that is cancelled while the disk works has committed all the same.
                if error is None:
                    tx.committed()
                if committed.done():
                    return
                if error is None:
                    committed.set_result(None)
                else:
                    committed.set_exception(error)

            self.wal.sync(told)
            with explained():
                await committed

    async def settled(self) -> None:
        """Wait until everything that can be read is on the disk. Raises `StorageFullError`, `OSError` and `sqlite3.Error`."""
        with explained():
            await self.wal.settled()

    @staticmethod
    async def _begin(conn: AsyncConnection) -> AsyncTransaction:
        for _ in range(BUSY_TRIES):
            try:
                return await conn.begin()
            except OperationalError as error:
                if not is_busy(error.orig):
                    raise
            await asyncio.sleep(BUSY_RETRY)
        raise UnavailableError("Another process holds the database. Try again.")

    async def close(self) -> None:
        """Close every connection, after what is waiting for the disk."""
        await self.wal.close()
        await self._reader.dispose()
        await self._writer.dispose()
