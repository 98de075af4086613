"""Which log belongs to which database."""

from typing import cast

from mdreader.db.engine import Database
from mdreader.db.sqlite import SqliteDatabase
from mdreader.features.collab.log import LogStore
from mdreader.features.collab.log_sqlite import SqliteLogStore


def log_store(database: Database) -> LogStore:
    """The log in `database`; made on the event loop that it runs on."""
    if isinstance(database, SqliteDatabase):
        return SqliteLogStore(database)
    # Loaded only when it is chosen: PostgreSQL is an extra.
    from mdreader.db.postgres import PostgresDatabase  # noqa: PLC0415
    from mdreader.features.collab.log_postgres import PostgresLogStore  # noqa: PLC0415

    return PostgresLogStore(cast("PostgresDatabase", database))
