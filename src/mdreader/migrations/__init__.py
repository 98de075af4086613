"""The database's schema, step by step. A start on a current database reads one row and never loads Alembic."""

import contextlib
import os
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

from mdreader.migrations.schema import Schema, schema_of

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Connection, Engine

HEAD = "0009"
"""The newest `pre` step; a test holds it to the files in `versions`."""
POST: str | None = None
"""The newest `post` step, if there is one."""
MOVE_TABLE = "mdreader_move"
"""There while an installation is being moved into a PostgreSQL database: no server may use it yet."""
VERSIONS = [Path(__file__).parent / "versions"]
"""Where the steps are."""


class MigrationError(Exception):
    """The database cannot be brought to this version's schema; the message says what to do."""


def current_schema(database: Path) -> Schema:
    """What a SQLite file is at. `sqlite3.Error` when it cannot be read."""
    if not database.exists():
        return Schema()
    with contextlib.closing(
        sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True, timeout=5)
    ) as connection:
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone():
            return Schema()
        return schema_of(row[0] for row in connection.execute("SELECT version_num FROM alembic_version"))


def upgrade(database: Path) -> bool:
    """Bring a SQLite file to `HEAD` and `POST`, creating it if need be; True when there was something to do.

    Both at once: it has one server, which is the one that starts.
    All steps are one transaction: killed halfway, the database is as it was. Raises `MigrationError`.
    """
    try:
        current = current_schema(database)
    except sqlite3.Error as error:
        raise MigrationError(
            f"{database} cannot be read: {error}. mdreader doctor looks at it; what is damaged is restored from a backup."
        ) from error
    if current == Schema(HEAD, POST):
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
            for step in current:
                if step is not None:
                    ScriptDirectory.from_config(config).get_revision(step)
            command.upgrade(config, "heads")
    except CommandError as error:
        raise unknown(str(database), str(current)) from error
    finally:
        target.dispose()
    return True


def unknown(where: str, revision: str) -> MigrationError:
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
    config.set_main_option("version_locations", os.pathsep.join(map(str, VERSIONS)))
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
