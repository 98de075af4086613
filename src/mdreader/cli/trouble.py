"""What is in the way of a command, in words that whoever typed it can act on."""

import sqlite3

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from mdreader.bootstrap.database import on_postgres
from mdreader.db.postgres_address import AddressError
from mdreader.kernel.data_folder import DataFolderInUseError
from mdreader.kernel.errors import AppError
from mdreader.migrations import MigrationError
from mdreader.settings import Settings, SettingsError

_TOLD = (AddressError, AppError, DataFolderInUseError, MigrationError, SettingsError)


def explain(error: Exception) -> str | None:
    """What to say of `error`; None when it is a mistake of ours, whose traceback is wanted."""
    if isinstance(error, _TOLD):
        return str(error)
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    if isinstance(error, (sqlite3.Error, SQLAlchemyError)):
        return f"The database does not take it: {error.orig if isinstance(error, DBAPIError) else error}"
    return None


def where_to_look(settings: Settings) -> str:
    """Which command says more about what is in the way of a start."""
    return f"mdreader doctor{' --cloud' if on_postgres(settings) else ''} says what is in the way."
