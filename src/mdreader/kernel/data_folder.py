"""The data folder: one server at a time has it, and says where it can be reached."""

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ServerInfo:
    """A running server: `started` in milliseconds since the Unix epoch, `url` as reached from this machine."""

    pid: int
    url: str
    started: int


class DataFolderInUseError(Exception):
    """Another process holds the data folder, or the database; `server` says which, when it has told."""

    def __init__(self, what: str, server: ServerInfo | None) -> None:
        by = f"by the server at {server.url} (process {server.pid})" if server else "by another mdreader process"
        super().__init__(f"{what} is in use {by}.")
        self.server = server


@contextlib.contextmanager
def hold(data: Path) -> Iterator[None]:
    """Have `data` for this process alone, made if it is missing; `DataFolderInUseError` when another one has it.

    The lock is the kernel's (flock): it ends with the process, however that ends.
    """
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _locked(data / "server.lock") as ours:
        if not ours:
            raise DataFolderInUseError(f"The data folder {data}", _read(data))
        yield


@contextlib.contextmanager
def hold_database(file: Path) -> Iterator[None]:
    """Have a SQLite database outside of the data folder for this process alone; `DataFolderInUseError` when another one has it.

    Two servers with data folders of their own would each believe that it alone has the documents.
    """
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _locked(file.with_name(f"{file.name}.lock")) as ours:
        if not ours:
            raise DataFolderInUseError(f"The database {file}", None)
        yield


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[bool]:
    """Whether the lock on `path` is ours, until the end of the block."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)


def announce(data: Path, server: ServerInfo) -> None:
    """Write where the server is reached; called by the holder once it listens."""
    temporary = data / "server.json.new"
    temporary.write_text(json.dumps(asdict(server)) + "\n")
    temporary.replace(data / "server.json")


def retract(data: Path) -> None:
    """Remove what `announce` wrote."""
    (data / "server.json").unlink(missing_ok=True)


def running_server(data: Path) -> ServerInfo | None:
    """The server that has `data` now and has said so; a file left by a killed one does not count."""
    try:
        descriptor = os.open(data / "server.lock", os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _read(data)
    else:
        return None
    finally:
        os.close(descriptor)


def _read(data: Path) -> ServerInfo | None:
    try:
        return ServerInfo(**json.loads((data / "server.json").read_text()))
    except (OSError, ValueError, TypeError):
        return None
