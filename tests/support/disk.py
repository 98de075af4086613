"""A disk that remembers in which order it was written and synced, so that a test can cut its power at any moment.

SQLite's own file methods are wrapped through its VFS, and `os.fdatasync` and `os.fsync` by a patch. What was not synced when the
power goes may be there or not, sector by sector and in any order: `Disk.cut` picks.
"""

import _sqlite3
import ctypes
import os
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import pytest

SECTOR = 512
_OK, _FULL = 0, 13
_OPEN_MAIN_DB, _OPEN_WAL = 0x100, 0x80000

_pointer = ctypes.c_void_p
_OPEN = ctypes.CFUNCTYPE(ctypes.c_int, _pointer, _pointer, _pointer, ctypes.c_int, ctypes.POINTER(ctypes.c_int))
_WRITE = ctypes.CFUNCTYPE(ctypes.c_int, _pointer, _pointer, ctypes.c_int, ctypes.c_int64)
_TRUNCATE = ctypes.CFUNCTYPE(ctypes.c_int, _pointer, ctypes.c_int64)
_SYNC = ctypes.CFUNCTYPE(ctypes.c_int, _pointer, ctypes.c_int)


class _Vfs(ctypes.Structure):
    _fields_ = (
        ("version", ctypes.c_int),
        ("file_size", ctypes.c_int),
        ("max_path", ctypes.c_int),
        ("next", _pointer),
        ("name", ctypes.c_char_p),
        ("data", _pointer),
        ("open", _pointer),
    )


class _Methods(ctypes.Structure):
    _fields_ = (
        ("version", ctypes.c_int),
        ("close", _pointer),
        ("read", _pointer),
        ("write", _pointer),
        ("truncate", _pointer),
        ("sync", _pointer),
        ("rest", _pointer * 13),
    )


class Write(NamedTuple):
    """Bytes put at an offset; `data` is None for a truncation to `offset`."""

    file: str
    offset: int
    data: bytes | None


class Synced(NamedTuple):
    """A sync of `file` has ended that began when `upto` events had happened; for a directory, `file` is its path."""

    file: str
    upto: int


class Created(NamedTuple):
    """A file that was not there was opened."""

    file: str


Event = Write | Synced | Created | Any
"""What happened, in order; anything else is the test's own."""


@dataclass
class Disk:
    """The events on the files of one folder."""

    folder: Path
    events: list[Event] = field(default_factory=list)
    full: bool = False  # nothing can grow
    refused: int = 0  # writes and syncs that a full disk did not take

    def note(self, event: object) -> None:
        """Put an event of the test's own between those of the disk."""
        self.events.append(event)

    def covers(self, path: str) -> bool:
        """Whether `path` is in the folder, or the folder itself."""
        return Path(path) == self.folder or Path(path).parent == self.folder


@contextmanager
def recording(folder: Path) -> Iterator[Disk]:
    """Record what happens to the SQLite files in `folder` until the block ends."""
    disk = Disk(folder)
    with pytest.MonkeyPatch.context() as patch:
        for name in ("fdatasync", "fsync"):
            patch.setattr(os, name, _watched(getattr(os, name), disk))
        with _wrapped_vfs(disk):
            yield disk


def _watched(real: Callable[[int], None], disk: Disk) -> Callable[[int], None]:
    def sync(descriptor: int) -> None:
        path = str(Path(f"/proc/self/fd/{descriptor}").readlink())
        upto = len(disk.events)
        real(descriptor)
        if disk.covers(path):
            disk.note(Synced(path, upto))

    return sync


@contextmanager
def _wrapped_vfs(disk: Disk) -> Iterator[None]:
    library = ctypes.CDLL(_sqlite3.__file__)
    try:
        find = library.sqlite3_vfs_find
    except AttributeError:
        pytest.skip("this Python's SQLite shows nobody its files")
    find.restype = ctypes.POINTER(_Vfs)
    vfs = find(None).contents
    wrapper = _Wrapper(disk, vfs.open)
    before, vfs.open = vfs.open, ctypes.cast(wrapper.open, _pointer).value
    try:
        yield
    finally:
        vfs.open = before
        _kept.append(wrapper)  # files that are still open call it


_kept: "list[_Wrapper]" = []


class _Wrapper:
    """Stands between SQLite and the file methods of its VFS."""

    def __init__(self, disk: Disk, real_open: int) -> None:
        self._disk = disk
        self._real_open = _OPEN(real_open)
        self._names: dict[int, str] = {}
        self._methods: dict[int, tuple[_Methods, Any, Any, Any]] = {}
        self._lock = threading.Lock()
        self.open = _OPEN(self._open)

    def _open(self, vfs: int, name: int | None, file: int, flags: int, out: Any) -> int:
        # The name goes on as the pointer it is: SQLite keeps it for as long as the file is open.
        path = os.fsdecode(ctypes.string_at(name)) if name else ""
        new = bool(path) and not Path(path).exists()
        code: int = self._real_open(vfs, name, file, flags, out)
        if code != _OK or not flags & (_OPEN_MAIN_DB | _OPEN_WAL) or not self._disk.covers(path):
            return code
        if new:
            self._disk.note(Created(path))
        with self._lock:
            self._names[file] = path
            slot = ctypes.cast(file, ctypes.POINTER(_pointer))
            slot.contents.value = ctypes.addressof(self._wrap(slot.contents.value or 0))
        return code

    def _wrap(self, address: int) -> _Methods:
        """A copy of the methods at `address`, with three of them replaced."""
        if address not in self._methods:
            real = _Methods.from_address(address)
            write, truncate, sync = _WRITE(real.write), _TRUNCATE(real.truncate), _SYNC(real.sync)

            def on_write(file: int, data: int, size: int, offset: int) -> int:
                if self._disk.full and offset + size > Path(self._names[file]).stat().st_size:
                    self._disk.refused += 1
                    return _FULL
                code: int = write(file, data, size, offset)
                if code == _OK:
                    self._disk.note(Write(self._names[file], offset, ctypes.string_at(data, size)))
                return code

            def on_truncate(file: int, size: int) -> int:
                code: int = truncate(file, size)
                if code == _OK:
                    self._disk.note(Write(self._names[file], size, None))
                return code

            def on_sync(file: int, flags: int) -> int:
                upto = len(self._disk.events)
                code: int = sync(file, flags)
                if code == _OK:
                    self._disk.note(Synced(self._names[file], upto))
                return code

            callbacks = (_WRITE(on_write), _TRUNCATE(on_truncate), _SYNC(on_sync))
            copy = _Methods()
            ctypes.memmove(ctypes.addressof(copy), address, ctypes.sizeof(_Methods))
            copy.write, copy.truncate, copy.sync = (ctypes.cast(callback, _pointer).value for callback in callbacks)
            self._methods[address] = (copy, *callbacks)
        return self._methods[address][0]


class Replay:
    """Walks through a recording; at each place the power can be cut, several times over."""

    def __init__(self, disk: Disk, images: dict[str, bytes]) -> None:
        """Start from `images`: what was on the disk, by path, when the recording began."""
        self._disk = disk
        self._images = {path: bytearray(data) for path, data in images.items()}
        self._pending: dict[str, list[tuple[int, Write]]] = {}
        self._unlisted: dict[str, int] = {}  # files whose directory was not synced since they were made

    def __iter__(self) -> Iterator[Event]:
        """The events, each after it has happened."""
        for number, event in enumerate(self._disk.events):
            self._happen(number, event)
            yield event

    def _happen(self, number: int, event: Event) -> None:
        if isinstance(event, Write):
            self._pending.setdefault(event.file, []).append((number, event))
        elif isinstance(event, Created):
            self._images[event.file] = bytearray()
            self._unlisted[event.file] = number
        elif isinstance(event, Synced):
            pending = self._pending.get(event.file, [])
            for at, write in pending:
                if at < event.upto:
                    _apply(self._images[event.file], write)
            self._pending[event.file] = [(at, write) for at, write in pending if at >= event.upto]
            if Path(event.file) == self._disk.folder:
                self._unlisted = {path: at for path, at in self._unlisted.items() if at >= event.upto}

    def cut(self, into: Path, rng: random.Random) -> None:
        """Write what a power cut leaves into the empty folder `into`."""
        for path, image in self._images.items():
            if path in self._unlisted and rng.random() < 0.5:
                continue
            left = bytearray(image)
            likelihood = rng.choice((0.0, 0.1, 0.5, 0.9, 1.0))
            for _, write in self._pending.get(path, []):
                for piece in _sectors(write):
                    if rng.random() < likelihood:
                        _apply(left, piece)
            (into / Path(path).name).write_bytes(left)


def _sectors(write: Write) -> Iterator[Write]:
    if write.data is None:
        yield write
        return
    at = 0
    while at < len(write.data):
        end = min(len(write.data), at + SECTOR - (write.offset + at) % SECTOR)
        yield Write(write.file, write.offset + at, write.data[at:end])
        at = end


def _apply(image: bytearray, write: Write) -> None:
    if write.data is None:
        del image[write.offset :]
        return
    if len(image) < write.offset:
        image.extend(bytes(write.offset - len(image)))
    image[write.offset : write.offset + len(write.data)] = write.data
