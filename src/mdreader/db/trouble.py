"""What the storage complains of, in words that a caller can act on."""

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError

from mdreader.kernel.errors import StorageFullError

# The second: SQLite's shared index could not grow.
_FULL = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE}
FULL = "Nothing was stored. Make space on the disk of the data folder; nothing else needs to be done."


def is_full(error: BaseException) -> bool:
    """Whether `error`, of SQLite, SQLAlchemy or the system, says that the disk is full."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, OSError):
        return cause.errno in {errno.ENOSPC, errno.EDQUOT}
    return getattr(cause, "sqlite_errorcode", None) in _FULL


def is_busy(error: object) -> bool:
    """Whether `error` of SQLite says that another process is writing, or mending the database after a crash."""
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & 0xFF == sqlite3.SQLITE_BUSY


@contextmanager
def explained() -> Iterator[None]:
    """Raise `StorageFullError` for what a full disk makes others raise."""
    try:
        yield
    except (DBAPIError, sqlite3.Error, OSError) as error:
        if is_full(error):
            raise StorageFullError(FULL) from error
        raise
