"""A SQLAlchemy dialect for SQLite inside the event loop's own thread.

SQLite answers out of the page cache in microseconds; a driver that sends each statement to a thread and back spends ten times that on
the way. What does take time, waiting for the disk, is left to `wal_sync`.
"""

import sqlite3
from typing import Any

from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine import URL
from sqlalchemy.pool import AsyncAdaptedQueuePool, Pool
from sqlalchemy.util import await_only

NAME = "sqlite.inline"


async def _nothing() -> None:
    """SQLAlchemy takes a statement that awaits nothing for a driver that blocks by mistake."""


class InlineCursor(sqlite3.Cursor):
    """A cursor with what SQLAlchemy asks of one under its asynchronous engine."""

    server_side = False

    async def _async_soft_close(self) -> None:
        """Nothing is kept on a server."""


class InlineConnection(sqlite3.Connection):
    """A connection that makes such cursors."""

    def cursor(self, factory: Any = InlineCursor) -> Any:
        """A new cursor."""
        return super().cursor(factory)


class InlineSqlite(SQLiteDialect_pysqlite):
    """`sqlite+inline:///path`: the standard library's driver under SQLAlchemy's asynchronous engine."""

    driver = "inline"
    is_async = True
    supports_statement_cache = True

    def create_connect_args(self, url: URL) -> Any:
        """As for the standard driver, with our connection."""
        arguments, options = super().create_connect_args(url)
        return arguments, {**options, "factory": InlineConnection}

    @classmethod
    def get_pool_class(cls, url: URL) -> type[Pool]:
        """A pool whose waiting does not block the loop."""
        del url
        return AsyncAdaptedQueuePool

    def do_execute(self, cursor: Any, statement: str, parameters: Any, context: Any = None) -> None:
        """Execute, right here."""
        await_only(_nothing())
        super().do_execute(cursor, statement, parameters, context)  # type: ignore[no-untyped-call]

    def do_executemany(self, cursor: Any, statement: str, parameters: Any, context: Any = None) -> None:
        """Execute once for each of `parameters`, right here."""
        await_only(_nothing())
        super().do_executemany(cursor, statement, parameters, context)  # type: ignore[no-untyped-call]

    def get_driver_connection(self, connection: Any) -> Any:
        """The driver's connection is the one there is."""
        return connection


registry.register(NAME, __name__, InlineSqlite.__name__)
