"""The log on SQLite: a connection and a thread of its own.

One hop to the thread a commit, whatever the number of rooms; the asynchronous driver would hop for every statement.
"""

import asyncio
import queue
import sqlite3
import threading
from typing import TYPE_CHECKING

from sqlalchemy import bindparam
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.sqlite import insert as upsert

from mdreader.db.engine import SQLITE_PRAGMAS, Database
from mdreader.features.collab.tables import document_clients, document_heads, document_updates
from mdreader.kernel.failpoints import hit

if TYPE_CHECKING:
    from mdreader.features.collab.log import Batch

_DIALECT = sqlite.dialect(paramstyle="named")
_APPEND = str(document_updates.insert().compile(dialect=_DIALECT))
_CLAIM = str(upsert(document_clients).on_conflict_do_nothing().compile(dialect=_DIALECT, column_keys=["document_id", "client_id", "user_id"]))
_SHAPE = str(
    document_heads.update()
    .where(document_heads.c.document_id == bindparam("of"))
    .values(eol=bindparam("eol"), bom=bindparam("bom"))
    .compile(dialect=_DIALECT)
)


class SqliteLogStore:
    """Commits batches on a dedicated thread."""

    def __init__(self, database: Database, path: str) -> None:
        self._database = database
        self._path = path
        self._work: queue.SimpleQueue[tuple[list[Batch], int, asyncio.Future[None]] | None] = queue.SimpleQueue()
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._serve, name="log-sqlite", daemon=True)
        self._thread.start()

    async def commit(self, batches: "list[Batch]", now: int) -> None:
        """One transaction, fsynced. Raises `sqlite3.Error`; then none of it is stored."""
        async with self._database.write_lock:
            done: asyncio.Future[None] = self._loop.create_future()
            self._work.put((batches, now, done))
            # Shielded: a caller that is cancelled must not give the write lock back while the thread still writes.
            await asyncio.shield(done)

    async def close(self) -> None:
        """End the thread, after what it has begun."""
        self._work.put(None)
        await asyncio.to_thread(self._thread.join)

    def _serve(self) -> None:
        connection: sqlite3.Connection | None = None
        while (item := self._work.get()) is not None:
            batches, now, done = item
            error: BaseException | None = None
            try:
                if connection is None:
                    connection = self._connect()
                self._transaction(connection, batches, now)
            except BaseException as caught:  # handed to the waiting side, whatever it is
                error = caught
                if connection is not None and not isinstance(caught, sqlite3.IntegrityError):
                    connection.close()
                    connection = None
            self._loop.call_soon_threadsafe(self._settle, done, error)
        if connection is not None:
            connection.close()

    @staticmethod
    def _settle(done: asyncio.Future[None], error: BaseException | None) -> None:
        if done.done():
            return
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(error)

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        for pragma in SQLITE_PRAGMAS:
            connection.execute(pragma)
        return connection

    @staticmethod
    def _transaction(connection: sqlite3.Connection, batches: "list[Batch]", now: int) -> None:
        connection.execute("BEGIN IMMEDIATE")
        try:
            rows = [{"document_id": b.document_id, "seq": b.seq, "data": b.data, "created_at": now} for b in batches if b.data is not None]
            if rows:
                connection.executemany(_APPEND, rows)
            for batch in batches:
                if batch.new_clients:
                    connection.executemany(
                        _CLAIM,
                        [{"document_id": batch.document_id, "client_id": c, "user_id": u} for c, u in batch.new_clients.items()],
                    )
                if batch.shape is not None:
                    connection.execute(_SHAPE, {"of": batch.document_id, "eol": batch.shape.eol, "bom": batch.shape.bom})
            hit("log.before_commit")
            connection.execute("COMMIT")
            hit("log.after_commit")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
