"""What the storage complains of, in words that a caller can act on."""

import errno
import sqlite3
import ssl
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from mdreader.kernel.errors import AppError, InvalidInputError, StorageFullError, UnavailableError

# The second: SQLite's shared index could not grow.
_FULL = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE}
FULL = "Nothing was stored. Make space on the disk of the data folder; nothing else needs to be done."
LOST = "The database does not answer. Try again in a moment; nothing else needs to be done."
REFUSED = "The database refuses us. DATABASE_URL needs the right user, password and name, and that user the right to its tables."
NOT_ENCRYPTED = "The way to the database cannot be encrypted as sslmode and sslrootcert in DATABASE_URL ask"
CROSSED = "Somebody else changed the same thing at the same moment. Try again."

# PostgreSQL's names for what is in the way (its manual, appendix A).
_DISK_FULL = "53100"
_NUL = "22021"
_REFUSED = {"28000", "28P01", "3D000", "42501"}  # user, password, no such database, no right to it
_CROSSED = {"40P01", "40001", "55P03"}  # deadlock, serialization failure, lock not available
_AWAY = {
    "08000", "08001", "08003", "08004", "08006",  # the connection
    "57P01", "57P02", "57P03", "57P05",  # stopped, crashed, starting, idle for too long
    "53200", "53300",  # out of memory, too many connections
    "25006",  # read-only: a replica, or the primary that was until now
    "57014",  # a statement ran into its time limit
    "28000", "28P01",  # it does not let us in: a password that is being changed
}  # fmt: skip
# Classes of answers to a commit after which nothing of it is there: violated rules, rolled back, a disk without space.
_ROLLED_BACK = ("22", "23", "25", "40", "42", "44", "53", "55", "P0")
_UNKNOWN = "40003"
_RETRY = {"Retry-After": "2"}


def is_full(error: BaseException) -> bool:
    """Whether `error`, of a database, SQLAlchemy, the system or ours, says that the disk is full."""
    if isinstance(error, StorageFullError):
        return True
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, OSError):
        return cause.errno in {errno.ENOSPC, errno.EDQUOT}
    return getattr(cause, "sqlite_errorcode", None) in _FULL or getattr(cause, "sqlstate", None) == _DISK_FULL


def is_busy(error: object) -> bool:
    """Whether `error` of SQLite says that another process is writing, or mending the database after a crash."""
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & 0xFF == sqlite3.SQLITE_BUSY


def is_in_doubt(error: BaseException) -> bool:
    """Whether a commit of PostgreSQL that ended with `error` may have succeeded: only some of its answers say that it has not."""
    state = getattr(error.orig, "sqlstate", None) if isinstance(error, DBAPIError) else None
    return state is None or not state.startswith(_ROLLED_BACK) or state == _UNKNOWN


def explanation(error: Exception) -> AppError | None:
    """What to tell a caller instead of `error`; None when it is no trouble of the storage but a mistake."""
    if is_full(error):
        return StorageFullError(FULL)
    if isinstance(error, (PoolTimeoutError, TimeoutError)):
        return UnavailableError(LOST, headers=_RETRY)
    if isinstance(error, DBAPIError):
        state = getattr(error.orig, "sqlstate", None)
        if error.connection_invalidated or state in _AWAY:
            return UnavailableError(LOST, headers=_RETRY)
        if state in _REFUSED:
            return UnavailableError(REFUSED)
        if state in _CROSSED:
            return UnavailableError(CROSSED, headers={"Retry-After": "1"})
        if state == _NUL:
            return InvalidInputError("Text cannot contain the character NUL (U+0000). Take it out, and send the rest.")
    return None


class explained(AbstractContextManager[None]):  # noqa: N801 - read as what it does: with explained()
    """Raise errors that a caller can act on for what a database in trouble makes others raise."""

    __slots__ = ()

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        """No generator: this stands around every transaction."""
        if isinstance(error, (DBAPIError, PoolTimeoutError, sqlite3.Error, OSError)):
            told = explanation(error)
            if told is not None:
                raise told from error


@contextmanager
def reaching() -> Iterator[None]:
    """As `explained`, while a connection is made: there whatever the system says means that the database does not answer."""
    try:
        with explained():
            yield
    except OSError as error:
        if isinstance(error, ssl.SSLError) or "SSL" in str(error):  # the driver says so when the other side cannot
            raise UnavailableError(f"{NOT_ENCRYPTED}: {error}") from error
        raise UnavailableError(LOST, headers=_RETRY) from error
