"""The database's schema, step by step. A start on a current database reads one row and never loads Alembic."""

import contextlib
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Connection, Engine

HEAD = "0006"
"""The newest revision; a test holds it to the files in `versions`."""


class MigrationError(Exception):
    """The database cannot be brought to this version's schema; the message says what to do."""


def current_revision(database: Path) -> str | None:
    """The revision that a SQLite file is at, or None when it has no schema yet. `sqlite3.Error` when it cannot be read."""
    if not database.exists():
        return None
    with contextlib.closing(
        sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True, timeout=5)
    ) as connection:
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone():
            return None
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        return str(row[0]) if row else None


def upgrade(database: Path) -> bool:
    """Bring a SQLite file to `HEAD`, creating it if need be; True when there was something to do.

    All steps are one transaction: killed halfway, the database is as it was. Raises `MigrationError`.
    """
    current = current_revision(database)
    if current == HEAD:
        return False
    # Loaded only when there is work: Alembic costs a fifth of a second.
    from alembic import command
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError

    target = engine(database)
    try:
        with target.begin() as connection:
            config = make_config()
            config.attributes["connection"] = connection
            if current is not None:
                ScriptDirectory.from_config(config).get_revision(current)
            command.upgrade(config, "head")
    except CommandError as error:
        raise unknown(str(database), current) from error
    finally:
        target.dispose()
    return True


def unknown(where: str, revision: str | None) -> MigrationError:
    """The error for a database that is ahead of this version."""
    return MigrationError(
        f"{where} is at revision {revision}, which this version of mdreader does not know: "
        "it was made by a newer one. Start that version, or restore a backup."
    )


def make_config() -> "Config":
    """Alembic's configuration for the scripts in this package."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.set_main_option("path_separator", "os")
    return config


def engine(database: Path) -> "Engine":
    """An engine whose transactions hold DDL too; for migrations only."""
    from sqlalchemy import create_engine, event
    from sqlalchemy.pool import NullPool

    made = create_engine(f"sqlite:///{database.resolve()}", poolclass=NullPool)

    @event.listens_for(made, "connect")
    def prepare(dbapi: sqlite3.Connection, _record: object) -> None:
        dbapi.isolation_level = None  # the driver would commit before each DDL statement
        dbapi.execute("PRAGMA journal_mode=WAL")
        dbapi.execute("PRAGMA busy_timeout=30000")

    @event.listens_for(made, "begin")
    def begin(connection: "Connection") -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return made
