"""The log on SQLite: written on the event loop, synced on a thread.

Writing a commit's rows to the WAL is a copy into the page cache, some tens of microseconds; waiting for the disk is what takes time.
So the transaction runs right here with `synchronous=NORMAL`, which leaves the WAL unsynced, and a thread then syncs the WAL file.
Only after that is the commit called done. A thread that did both would hand the interpreter lock back and forth at every statement.

After a power cut SQLite replays the WAL up to the last whole transaction that reached the disk: all that was synced.
"""

import asyncio
import contextlib
import os
import queue
import sqlite3
import threading
from collections.abc import Callable

import structlog
from sqlalchemy import bindparam
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.sqlite import insert as upsert

from mdreader.db.engine import SQLITE_PRAGMAS, Database
from mdreader.features.collab.log import Batch, Done
from mdreader.features.collab.tables import document_clients, document_heads, document_updates
from mdreader.kernel.failpoints import hit

log = structlog.get_logger(__name__)

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
# Seconds until another try when another process (a backup, a shell) holds the write lock, and how often.
BUSY_RETRY = 0.01
BUSY_TRIES = 500
# The WAL is written back into the database after about this many pages, on the thread. SQLite would do it inside a commit, on the loop.
CHECKPOINT_PAGES = 2000
# The WAL is made this long at the start. A commit that lengthens a file has to write its inode too, which costs the disk a second trip.
WAL_BYTES = 4 * 1024 * 1024


class SqliteLogStore:
    """Implements `LogStore`. Owns a connection on the event loop's thread, and a thread for the disk."""

    def __init__(self, database: Database, path: str) -> None:
        self._database = database
        self._path = path
        self._loop = asyncio.get_running_loop()
        self._connection: sqlite3.Connection | None = None
        self._rows_since_checkpoint = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._work: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._serve, name="log-sync", daemon=True)
        self._thread.start()

    def commit(self, batches: list[Batch], now: int, done: Done) -> None:
        """See `LogStore.commit`."""
        if self._database.write_lock.locked():
            self._later(batches, now, done)
            return
        try:
            self._write(batches, now)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
                self._later(batches, now, done)
            else:
                self._fail(done, error)
        except Exception as error:  # noqa: BLE001 - whatever it is, the rooms must hear of it
            self._fail(done, error)
        else:
            self._work.put(lambda: self._sync(done))

    def _later(self, batches: list[Batch], now: int, done: Done) -> None:
        """Wait for whoever else is writing, without holding up the loop."""

        async def wait() -> None:
            for _ in range(BUSY_TRIES):
                async with self._database.write_lock:
                    try:
                        self._write(batches, now)
                    except sqlite3.OperationalError as error:
                        if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                            self._fail(done, error)
                            return
                    except Exception as error:  # noqa: BLE001 - likewise
                        self._fail(done, error)
                        return
                    else:
                        self._work.put(lambda: self._sync(done))
                        return
                await asyncio.sleep(BUSY_RETRY)
            self._fail(done, TimeoutError("another process holds the database's write lock"))

        task = self._loop.create_task(wait())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _fail(self, done: Done, error: Exception) -> None:
        if self._connection is not None and not isinstance(error, sqlite3.IntegrityError):
            with contextlib.suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None
        self._loop.call_soon(done, error)

    def _write(self, batches: list[Batch], now: int) -> None:
        if self._connection is None:
            self._connection = self._connect()
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            connection.executemany(
                _APPEND, [(b.document_id, b.seq, b.data, now) for b in batches if b.data is not None]
            )
            for batch in batches:
                if batch.new_clients:
                    connection.executemany(
                        _CLAIM, [(batch.document_id, client, user) for client, user in batch.new_clients.items()]
                    )
                if batch.shape is not None:
                    connection.execute(_SHAPE, (batch.shape.eol, batch.shape.bom, batch.document_id))
            hit("log.before_commit")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        hit("log.before_sync")

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        for pragma in (
            *SQLITE_PRAGMAS,
            "PRAGMA busy_timeout=0",
            "PRAGMA synchronous=NORMAL",
            "PRAGMA wal_autocheckpoint=0",
        ):
            connection.execute(pragma)
        return connection

    # ---- on the thread ----

    def _serve(self) -> None:
        self._checkpointer = sqlite3.connect(self._path, isolation_level=None)
        for pragma in SQLITE_PRAGMAS:
            self._checkpointer.execute(pragma)
        while (job := self._work.get()) is not None:
            job()
        self._checkpointer.close()

    def _sync(self, done: Done) -> None:
        error: Exception | None = None
        try:
            # Opened anew each time: SQLite may have replaced the file. Its locks are on other files, so closing this one drops none.
            descriptor = os.open(self._path + "-wal", os.O_RDWR)
            try:
                os.fdatasync(descriptor)
                size = os.fstat(descriptor).st_size
            finally:
                os.close(descriptor)
            hit("log.after_sync")
        except OSError as caught:
            error, size = caught, 0
        self._loop.call_soon_threadsafe(done, error)
        self._rows_since_checkpoint += 1
        if self._rows_since_checkpoint >= CHECKPOINT_PAGES // 4 or size > 4 * CHECKPOINT_PAGES * 4096:
            self._rows_since_checkpoint = 0
            try:
                self._checkpointer.execute("PRAGMA wal_checkpoint(PASSIVE)")
            except sqlite3.Error:
                log.warning("checkpoint_failed", exc_info=True)

    async def close(self) -> None:
        """End the thread after what it has begun, and the connection."""
        if self._tasks:
            await asyncio.gather(*self._tasks)
        self._work.put(None)
        await asyncio.to_thread(self._thread.join)
        if self._connection is not None:
            self._connection.close()
