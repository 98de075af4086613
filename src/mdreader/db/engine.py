"""The database: read connections, and write transactions that take turns.

SQLite has one writer at a time. Its busy handler sleeps in growing steps, so writers inside this process queue on a lock of our own
instead, and only another process (a backup, a shell) ever meets the busy handler.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    # FULL: a commit is on the disk, not in its cache, before anybody is told of it.
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA busy_timeout=5000",
    "PRAGMA journal_size_limit=67108864",
    "PRAGMA cache_size=-8192",
)


class Transaction:
    """One write transaction: `conn` to execute on, and what to do once it is committed."""

    __slots__ = ("_callbacks", "conn")

    def __init__(self, conn: AsyncConnection) -> None:
        self.conn = conn
        self._callbacks: list[Callable[[], None]] = []

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Call `callback` when the commit has succeeded; never when the transaction is rolled back."""
        self._callbacks.append(callback)

    def committed(self) -> None:
        """Run what waits for the commit. Called by `Database.write` alone."""
        for callback in self._callbacks:
            callback()


class Database:
    """An engine for reading and one for writing on the same database."""

    def __init__(self, url: str) -> None:
        if not url.startswith("sqlite+aiosqlite:"):
            raise ValueError(f"Unsupported database URL: {url.split(':', 1)[0]}:...")
        self.url = url
        self.write_lock = asyncio.Lock()
        # AUTOCOMMIT and no reset: a read is one statement, and BEGIN and ROLLBACK would each be one more hop to the driver's thread.
        self._reader = self._engine(url, size=4, isolation_level="AUTOCOMMIT", pool_reset_on_return=None)
        self._writer = self._engine(url, size=1)

        @event.listens_for(self._writer.sync_engine, "begin")
        def begin_immediate(conn: Any) -> None:
            # A deferred transaction that upgrades to writing fails at once with SQLITE_BUSY, whatever the timeout.
            conn.exec_driver_sql("BEGIN IMMEDIATE")

    @staticmethod
    def _engine(url: str, *, size: int, **options: Any) -> AsyncEngine:
        engine = create_async_engine(url, poolclass=AsyncAdaptedQueuePool, pool_size=size, max_overflow=0, **options)

        @event.listens_for(engine.sync_engine, "connect")
        def prepare(dbapi: Any, _record: Any) -> None:
            dbapi.isolation_level = None  # we say BEGIN ourselves
            cursor = dbapi.cursor()
            for pragma in SQLITE_PRAGMAS:
                cursor.execute(pragma)
            cursor.close()

        return engine

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection for reading; each statement sees the newest committed state."""
        async with self._reader.connect() as conn:
            yield conn

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Transaction]:
        """A write transaction: committed when the block ends, rolled back when it raises; then what waits for the commit runs."""
        async with self.write_lock:
            async with self._writer.begin() as conn:
                tx = Transaction(conn)
                yield tx
        tx.committed()

    async def close(self) -> None:
        """Close every connection."""
        await self._reader.dispose()
        await self._writer.dispose()
