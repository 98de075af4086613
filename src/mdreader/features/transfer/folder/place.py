"""Writing files below one folder, and nowhere else, whatever their paths say.

Paths come from a server, which may be somebody else's. Each folder on the way is opened in the one before it without following links,
so that neither `..` nor a link that lies there leads out. A file is written beside its place and then put there in one step.
"""

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal, Self

_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC

Put = Literal["written", "unchanged", "differs"]


class InTheWayError(Exception):
    """A file cannot be put where its path says; the message says why."""


class Place:
    """A folder to write into, made if it is missing. Use it as a context; `OSError` when it cannot be had."""

    def __init__(self, folder: Path, *, force: bool) -> None:
        self._folder = folder
        self._force = force
        self._root = -1
        self._put: dict[tuple[int, int], str] = {}

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._root = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._root)

    def put(self, path: str, data: bytes) -> Put:
        """Have a file with `data` at `path`. One that is there with other content stays and `differs`, unless forced.

        Raises `InTheWayError`, and `OSError` for a disk that is full or fails.
        """
        *folders, name = segments(path)
        with self._descend(folders) as folder:
            status = self._compare(folder, name, path, data)
            if isinstance(status, str):
                return status
            try:
                self._write(folder, name, data, status)
            except OSError as error:
                raise _explain(error, path) from error
            written = os.stat(name, dir_fd=folder, follow_symlinks=False)
            self._put[written.st_dev, written.st_ino] = path
        return "written"

    @contextlib.contextmanager
    def _descend(self, folders: list[str]) -> Iterator[int]:
        current = os.dup(self._root)
        try:
            for depth, name in enumerate(folders):
                try:
                    deeper = _open_folder(name, current)
                except OSError as error:
                    raise _explain(error, "/".join(folders[: depth + 1])) from error
                os.close(current)
                current = deeper
            yield current
        finally:
            os.close(current)

    def _compare(self, folder: int, name: str, path: str, data: bytes) -> Put | int | None:
        """What stands there: the answer when there is nothing to do, else the mode of the file to replace, or None."""
        try:
            descriptor = os.open(name, _READ, dir_fd=folder)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _explain(error, path) from error
        # Closed at the end, not by the stream: a folder is opened as well, but cannot become one.
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise InTheWayError(f"{path} is there and is not a file.")
            if (other := self._put.get((status.st_dev, status.st_ino))) is not None:
                raise InTheWayError(f"This file system does not tell it from {other}.")
            if status.st_size == len(data) and _read(descriptor) == data:
                self._put[status.st_dev, status.st_ino] = path
                return "unchanged"
        finally:
            os.close(descriptor)
        return stat.S_IMODE(status.st_mode) if self._force else "differs"

    @staticmethod
    def _write(folder: int, name: str, data: bytes, mode: int | None) -> None:
        temporary = f".mdreader-{secrets.token_hex(8)}"
        descriptor = os.open(temporary, _NEW, 0o666, dir_fd=folder)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(data)
                if mode is not None:
                    os.fchmod(descriptor, mode)
            os.replace(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary, dir_fd=folder)
            raise


def _open_folder(name: str, inside: int) -> int:
    """A folder in an open one, made if it is missing."""
    try:
        return os.open(name, _FOLDER, dir_fd=inside)
    except FileNotFoundError:
        with contextlib.suppress(FileExistsError):
            os.mkdir(name, dir_fd=inside)
        return os.open(name, _FOLDER, dir_fd=inside)


def _read(descriptor: int) -> bytes:
    with os.fdopen(descriptor, "rb", closefd=False) as stream:
        return stream.read()


def segments(path: str) -> list[str]:
    """The names in a path that stays below where it starts. Raises `InTheWayError` for any other."""
    names = path.split("/")
    if "\\" in path or "\0" in path or any(name in {"", ".", ".."} for name in names):
        raise InTheWayError("Its path leads out of the folder.")
    return names


def _explain(error: OSError, path: str) -> InTheWayError | OSError:
    """What is wrong with this one path becomes its reason; what is wrong with the disk stays an `OSError`."""
    if error.errno == errno.ELOOP:
        return InTheWayError(f"{path} is a link; nothing is written through it.")
    if error.errno == errno.ENOTDIR:
        return InTheWayError(f"{path} is there and is not a folder.")
    if error.errno in {errno.EISDIR, errno.EACCES, errno.EPERM, errno.ENAMETOOLONG, errno.EINVAL, errno.EILSEQ}:
        return InTheWayError(f"{path}: {error.strerror}.")
    return error
