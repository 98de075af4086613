"""The log on SQLite: a commit's rows are written in one go on the event loop, some tens of microseconds, and synced by `db.wal_sync`."""

import asyncio
import contextlib
import sqlite3
from collections.abc import Coroutine
from typing import Any

from sqlalchemy import bindparam
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.sqlite import insert as upsert

from mdreader.db.sqlite import BUSY_RETRY, BUSY_TRIES, INLINE_PRAGMAS, SqliteDatabase
from mdreader.db.sqlite_inline import connection_of, driver_of
from mdreader.db.trouble import is_busy
from mdreader.db.wal_sync import Done
from mdreader.features.collab.log import Batch
from mdreader.features.collab.tables import document_clients, document_heads, document_updates
from mdreader.kernel.failpoints import hit

# Where many rooms are typed in, nobody else commits for long, and each of them has its own place in the log.
LOG_CACHE = "PRAGMA cache_size=-2048"

_DIALECT = sqlite.dialect(paramstyle="qmark")
_APPEND = str(document_updates.insert().compile(dialect=_DIALECT))
_CLAIM = str(
    upsert(document_clients)
    .on_conflict_do_nothing()
    .compile(dialect=_DIALECT, column_keys=["document_id", "client_id", "user_id"])
)
_SHAPE = str(
    document_heads.update()
    .where(document_heads.c.document_id == bindparam("of"))
    .values(eol=bindparam("eol"), bom=bindparam("bom"))
    .compile(dialect=_DIALECT)
)


class SqliteLogStore:
    """Implements `LogStore` with a connection of its own: the statements are known, and need no engine."""

    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database
        self._loop = asyncio.get_running_loop()
        self._connection: sqlite3.Connection | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def commit(self, batches: list[Batch], now: int, done: Done) -> None:
        """See `LogStore.commit`."""
        if any(batch.record is not None for batch in batches):
            self._spawn(self._commit_with_records(batches, now, done))
        elif self._database.write_lock.locked() or not self._try(batches, now, done):
            self._spawn(self._wait(batches, now, done))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _commit_with_records(self, batches: list[Batch], now: int, done: Done) -> None:
        """Commit on the engine's connection, for the records need one of SQLAlchemy's."""
        try:
            async with self._database.write() as tx:
                self._insert(driver_of(connection_of(tx.conn)), batches, now)
                for batch in batches:
                    if batch.record is not None:
                        await batch.record(tx)
                hit("log.before_commit")
        except Exception as error:  # noqa: BLE001 - whatever it is, the rooms must hear of it
            done(error)
        else:
            done(None)

    async def _wait(self, batches: list[Batch], now: int, done: Done) -> None:
        """Wait for whoever else is writing, without holding up the loop."""
        for _ in range(BUSY_TRIES):
            async with self._database.write_lock:
                if self._try(batches, now, done):
                    return
            await asyncio.sleep(BUSY_RETRY)
        done(TimeoutError("another process holds the database's write lock"))

    def _try(self, batches: list[Batch], now: int, done: Done) -> bool:
        """Commit, or fail for good; False when another process is writing."""
        try:
            self._write(batches, now)
        except Exception as error:  # noqa: BLE001 - whatever it is, the rooms must hear of it
            if is_busy(error):
                return False
            if self._connection is not None and not isinstance(error, sqlite3.IntegrityError):
                with contextlib.suppress(sqlite3.Error):
                    self._connection.close()
                self._connection = None
            self._loop.call_soon(done, error)
        else:
            self._database.wal.sync(done)
        return True

    def _write(self, batches: list[Batch], now: int) -> None:
        if self._connection is None:
            self._connection = self._connect()
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            self._insert(connection, batches, now)
            hit("log.before_commit")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        hit("log.before_sync")

    @staticmethod
    def _insert(connection: sqlite3.Connection, batches: list[Batch], now: int) -> None:
        connection.executemany(_APPEND, [(b.document_id, b.seq, b.data, now) for b in batches])
        for batch in batches:
            if batch.new_clients:
                connection.executemany(
                    _CLAIM, [(batch.document_id, client, user) for client, user in batch.new_clients.items()]
                )
            if batch.shape is not None:
                connection.execute(_SHAPE, (batch.shape.eol, batch.shape.bom, batch.document_id))

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._database.path, isolation_level=None)
        for pragma in INLINE_PRAGMAS:
            connection.execute(pragma)
        connection.execute(LOG_CACHE)
        return connection

    async def close(self) -> None:
        """Wait for what has begun, and close the connection."""
        if self._tasks:
            await asyncio.gather(*self._tasks)
        if self._connection is not None:
            self._connection.close()
