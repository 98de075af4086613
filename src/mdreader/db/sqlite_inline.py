"""SQLAlchemy's connections for SQLite inside the event loop's own thread.

SQLite answers out of the page cache in microseconds; a driver that sends each statement to a thread and back spends ten times that on
the way, and SQLAlchemy's own bridge to drivers that await (a greenlet for each statement) as much again as the statement itself. What
does take time, waiting for the disk, is left to `wal_sync`.
"""

import sqlite3
from typing import Any

from sqlalchemy import NullPool
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine import Connection, CursorResult, ScalarResult
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import Pool

NAME = "sqlite.inline"


class InlineSqlite(SQLiteDialect_pysqlite):
    """`sqlite+inline:///path`: the standard library's driver, for connections whose statements await nothing."""

    driver = "inline"
    is_async = True
    supports_statement_cache = True

    @classmethod
    def get_pool_class(cls, url: Any) -> type[Pool]:
        """No pool: whoever opens a connection keeps it."""
        del url
        return NullPool

    def get_driver_connection(self, connection: Any) -> Any:
        """The driver's connection is the one there is."""
        return connection


class InlineConnection(AsyncConnection):
    """What such an engine connects by: what is executed is done when the call returns."""

    async def execute(self, *arguments: Any, **options: Any) -> CursorResult[Any]:
        """Execute, right here."""
        return self._proxied.execute(*arguments, **options)

    async def scalar(self, *arguments: Any, **options: Any) -> Any:
        """The first column of the first row; None when there is none."""
        return self._proxied.scalar(*arguments, **options)

    async def scalars(self, *arguments: Any, **options: Any) -> ScalarResult[Any]:
        """The first column of every row."""
        return self._proxied.scalars(*arguments, **options)


async def open_inline(engine: AsyncEngine) -> InlineConnection:
    """A new connection."""
    conn = InlineConnection(engine)
    await conn.start()
    return conn


def connection_of(conn: AsyncConnection) -> Connection:
    """The connection behind an open one."""
    assert conn.sync_connection is not None  # noqa: S101 - it is open
    return conn.sync_connection


def driver_of(conn: Connection) -> sqlite3.Connection:
    """The driver's connection behind it."""
    driver = conn.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)  # noqa: S101 - see `InlineSqlite`
    return driver


def make_engine(path: str, **options: Any) -> AsyncEngine:
    """An engine for `open_inline`."""
    return create_async_engine(f"{NAME.replace('.', '+')}:///{path}", **options)


registry.register(NAME, __name__, InlineSqlite.__name__)
