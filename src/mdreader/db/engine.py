"""The database, as features see it: a connection to read with, a transaction to write in. `sqlite` and `postgres` implement it."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Literal, Protocol

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from mdreader.db.doubts import Doubts

log = structlog.get_logger(__name__)

Dialect = Literal["sqlite", "postgresql"]

COMPANY = "mdreader_company"  # an execution option of connections whose write transactions run side by side
_TURN = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
_SHARED_TURN = text("SELECT pg_advisory_xact_lock_shared(hashtextextended(:name, 0))")


class Transaction:
    """One write transaction: `conn` to execute on, and what to do once it is committed."""

    __slots__ = ("_callbacks", "conn")

    def __init__(self, conn: AsyncConnection) -> None:
        self.conn = conn
        self._callbacks: list[Callable[[], None]] = []

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Call `callback` when the commit has succeeded; never when the transaction is rolled back."""
        self._callbacks.append(callback)

    @property
    def is_awaited(self) -> bool:
        """Whether something waits for the commit."""
        return bool(self._callbacks)

    def committed(self) -> None:
        """Run what waits for the commit. Called by `Database.write` alone."""
        for callback in self._callbacks:
            try:
                callback()
            except Exception:  # it is committed: whoever is told of it badly must not keep others from being told
                log.exception("after_commit_failed")

    async def take_turn(self, name: str) -> None:
        """Wait until no other transaction has the turn called `name`, and have it until this one ends.

        For a check that no row stands for ("is this the first account?"). A check of a row locks that row instead
        (`with_for_update`). On SQLite, which has one writer at a time, every transaction has every turn.
        """
        if self.conn.dialect.name == "postgresql":
            await self.conn.execute(_TURN, {"name": name})

    async def share_turn(self, name: str) -> None:
        """Have the turn called `name` together with others that share it, until this ends; who takes it alone waits for all of them."""
        if self.conn.dialect.name == "postgresql":
            await self.conn.execute(_SHARED_TURN, {"name": name})


def has_company(conn: AsyncConnection) -> bool:
    """Whether `conn` is in a write transaction beside which others run: then what it checks must be held by a lock."""
    return bool(conn.sync_connection and conn.sync_connection.get_execution_options().get(COMPANY, False))


class Database(Protocol):
    """Made and used on one event loop."""

    @property
    def dialect(self) -> Dialect:
        """Which one it is, for the few statements that must differ."""
        ...

    def read(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """A connection for reading; each statement sees the newest committed state.

        Raises `UnavailableError` when the database does not answer.
        """
        ...

    def write(self) -> AbstractAsyncContextManager[Transaction]:
        """A write transaction: on the disk when the block has ended, rolled back when it raises. Then what waits for the commit runs.

        On SQLite transactions take turns; on PostgreSQL they run side by side (READ COMMITTED), and what one has checked stays true
        only for rows that it has changed or locked. Raises `StorageFullError`, and `UnavailableError` when the database does not
        answer or cannot do it now; then, after a connection was lost, the transaction may have been committed all the same (`doubts`).
        """
        ...

    @property
    def doubts(self) -> Doubts:
        """Where word comes from that a commit may have succeeded after which nobody was told anything."""
        ...

    async def settled(self) -> None:
        """Wait until everything that can be read is on the disk. Raises `StorageFullError` and what the storage raises."""
        ...

    async def close(self) -> None:
        """Close every connection, after what is waiting for the disk."""
        ...
