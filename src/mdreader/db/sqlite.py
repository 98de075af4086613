"""SQLite: read connections, and write transactions that take turns.

Statements run on the event loop's thread (see `sqlite_inline`), the disk is waited for on another (see `wal_sync`).
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Connection, RootTransaction
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from mdreader.db.doubts import Doubts
from mdreader.db.engine import Dialect, Transaction
from mdreader.db.sqlite_inline import InlineConnection, connection_of, driver_of, make_engine, open_inline
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
    # Small: what another connection commits empties it, which takes the longer the more it holds. The system's own cache is as near.
    "PRAGMA cache_size=-1024",
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


# Open connections that are kept for the next reads. Each statement is over when it returns, so there is seldom more than one in use.
IDLE_READERS = 4


class SqliteDatabase:
    """Implements `Database` with a file at `path`: connections for reading, and one for writing."""

    dialect: Dialect = "sqlite"

    def __init__(self, path: Path | str) -> None:
        self.path = str(path)
        # SQLite has one writer at a time: writers of this process queue here and not in its busy handler, which sleeps.
        self.write_lock = asyncio.Lock()
        self.doubts = Doubts()
        self.wal = WalSync(self.path, SQLITE_PRAGMAS)
        # AUTOCOMMIT and no reset: a read is one statement, and needs no BEGIN and no ROLLBACK around it.
        self._reader = self._engine(isolation_level="AUTOCOMMIT", pool_reset_on_return=None)
        self._writer = self._engine()
        self._idle: list[InlineConnection] = []
        self._at_writing: InlineConnection | None = None

    def _engine(self, **options: Any) -> AsyncEngine:
        engine = make_engine(self.path, **options)

        @event.listens_for(engine.sync_engine, "connect")
        def prepare(dbapi: Any, _record: Any) -> None:
            dbapi.isolation_level = None  # we say BEGIN ourselves
            cursor = dbapi.cursor()
            for pragma in INLINE_PRAGMAS:
                cursor.execute(pragma)
            cursor.close()

        return engine

    def read(self) -> "_Reading":
        """See `Database.read`."""
        return _Reading(self)

    async def take_reader(self) -> InlineConnection:
        """A connection for reading, until it is given back."""
        return self._idle.pop() if self._idle else await open_inline(self._reader)

    async def give_back(self, conn: InlineConnection, error: BaseException | None) -> None:
        """Keep it for the next read, unless it may be the reason for `error`."""
        if isinstance(error, SQLAlchemyError) or len(self._idle) >= IDLE_READERS:
            await conn.close()
        else:
            self._idle.append(conn)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Transaction]:
        """See `Database.write`. Raises `UnavailableError` when another process does not let go of the database."""
        with doing("db.transaction"):
            async with self.write_lock:
                with explained():
                    conn = self._at_writing = self._at_writing or await open_inline(self._writer)
                    tx = Transaction(conn)
                    transaction = await self._begin(connection_of(conn))
                    try:
                        yield tx
                    except BaseException:
                        await self._end(conn, transaction.rollback)
                        raise
                    await self._end(conn, transaction.commit)
            committed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

            def told(error: Exception | None) -> None:
                # Here and not behind the await: a request that is cancelled while the disk works has committed all the same.
                if error is None:
                    tx.committed()
                elif tx.is_awaited:
                    self.doubts.arise()  # it stands in the log, for all to read, and may be lost with the next power cut
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
    async def _begin(conn: Connection) -> RootTransaction:
        for _ in range(BUSY_TRIES):
            try:
                # A deferred transaction that upgrades to writing fails at once with SQLITE_BUSY, whatever the timeout.
                driver_of(conn).execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if not is_busy(error):
                    raise
                await asyncio.sleep(BUSY_RETRY)
            else:
                return conn.begin()
        raise UnavailableError("Another process holds the database. Try again.")

    async def _end(self, conn: InlineConnection, how: Callable[[], None]) -> None:
        try:
            how()
        except BaseException:
            # Nobody can say what it is at now; to close it ends its transaction in any case.
            self._at_writing = None
            await conn.close()
            raise

    async def close(self) -> None:
        """Close every connection, after what is waiting for the disk."""
        self.doubts.end()
        await self.wal.close()
        while self._idle:
            await self._idle.pop().close()
        if self._at_writing is not None:
            await self._at_writing.close()
            self._at_writing = None


class _Reading(AbstractAsyncContextManager[AsyncConnection]):
    """One block with a connection for reading. No generator: it runs for each request."""

    __slots__ = ("_conn", "_database")

    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database

    async def __aenter__(self) -> AsyncConnection:
        self._conn = await self._database.take_reader()
        return self._conn

    async def __aexit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        await self._database.give_back(self._conn, error)
