"""Waiting for the disk, for all who wait at once.

Transactions commit with `synchronous=NORMAL`: their pages are in the write-ahead log (WAL), but not yet on the disk. A thread then syncs
the WAL file, once for everything that was committed before the sync began; only then is a commit called done. After a power cut SQLite
replays the WAL up to the last whole transaction that reached the disk: all that was synced.
"""

import asyncio
import os
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import structlog

from mdreader.kernel.failpoints import hit

log = structlog.get_logger(__name__)

Done = Callable[[Exception | None], None]

# The WAL is written back into the database after this many syncs, or when it is this long. SQLite would do it inside a commit, on the loop.
CHECKPOINT_SYNCS = 500
CHECKPOINT_BYTES = 32 * 1024 * 1024
CHECKPOINT_SYNCS_WHEN_LONG = 20


class WalSync:
    """Owns one thread, from the first sync to `close`. Methods run on the event loop."""

    def __init__(self, path: str, pragmas: Sequence[str]) -> None:
        self._path = path
        self._pragmas = pragmas
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._work: queue.SimpleQueue[list[Done] | None] = queue.SimpleQueue()
        self._waiting: list[Done] = []
        self._in_flight = False
        self._since_checkpoint = 0
        self._checkpointer: sqlite3.Connection | None = None
        self._file = _WalFile(Path(path + "-wal"))
        self._holed = False

    def sync(self, done: Done) -> None:
        """Call `done` on the loop when everything committed so far is on the disk, with the error if that failed."""
        self._waiting.append(done)
        if not self._in_flight:
            self._start()

    async def synced(self) -> None:
        """Wait until everything committed so far is on the disk. Raises `OSError` and `sqlite3.Error`."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def settle(error: Exception | None) -> None:
            if future.done():
                return
            if error is None:
                future.set_result(None)
            else:
                future.set_exception(error)

        self.sync(settle)
        await future

    async def settled(self) -> None:
        """Wait, if need be, until everything that can be read is on the disk. Raises as `synced`."""
        if self._in_flight or self._holed:
            await self.synced()

    async def close(self) -> None:
        """Sync what is waiting, then end the thread."""
        if self._thread is not None:
            while self._in_flight:
                await self.synced()
            self._work.put(None)
            await asyncio.to_thread(self._thread.join)
            self._thread = None

    def _start(self) -> None:
        if self._thread is None:
            self._loop = asyncio.get_running_loop()
            self._thread = threading.Thread(target=self._serve, name="wal-sync", daemon=True)
            self._thread.start()
        # Who comes while this one is under way must wait for the next: its pages may have been written after the sync began.
        self._in_flight = True
        batch, self._waiting = self._waiting, []
        self._work.put(batch)

    def _synced(self, batch: list[Done], error: Exception | None) -> None:
        self._in_flight = False
        if self._waiting:
            self._start()
        for done in batch:
            try:
                done(error)
            except Exception:  # one who waited must not keep it from the others
                log.exception("after_sync_failed")

    # ---- on the thread ----

    def _serve(self) -> None:
        while (batch := self._work.get()) is not None:
            error: Exception | None = None
            length = 0
            try:
                length = self._sync()
            except (OSError, sqlite3.Error) as caught:
                error = caught
            assert self._loop is not None  # noqa: S101 - set before the thread was started
            self._loop.call_soon_threadsafe(self._synced, batch, error)
            self._checkpoint(length)
        if self._checkpointer is not None:
            self._checkpointer.close()
        self._file.close()

    def _sync(self) -> int:
        """Bring everything committed to the disk; the WAL's length in bytes. Raises `OSError` or `sqlite3.Error`."""
        if not self._holed:
            try:
                return self._file.sync()
            except OSError:
                log.exception("sync_failed")
                self._holed = True
        # What could not be written the kernel forgets, and its next sync succeeds. The WAL may lack that part for ever, and nothing
        # behind it would count after a power cut. So all of it goes into the database itself, and the WAL begins anew.
        if self._connection().execute("PRAGMA wal_checkpoint(RESTART)").fetchone()[0]:
            raise TimeoutError("The log cannot begin anew: somebody reads in it.")
        self._holed = False
        return 0

    def _checkpoint(self, length: int) -> None:
        self._since_checkpoint += 1
        long = length > CHECKPOINT_BYTES and self._since_checkpoint >= CHECKPOINT_SYNCS_WHEN_LONG
        if self._since_checkpoint < CHECKPOINT_SYNCS and not long:
            return
        self._since_checkpoint = 0
        try:
            # PASSIVE waits for nobody; what it could not write back is left for the next one.
            self._connection().execute("PRAGMA wal_checkpoint(PASSIVE)")
        except sqlite3.Error:
            log.warning("checkpoint_failed", exc_info=True)

    def _connection(self) -> sqlite3.Connection:
        if self._checkpointer is None:
            self._checkpointer = sqlite3.connect(self._path, isolation_level=None)
            for pragma in self._pragmas:
                self._checkpointer.execute(pragma)
        return self._checkpointer


class _WalFile:
    """The WAL as a file. Its locks are on other files, so closing this one drops none."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None
        self._opened: os.stat_result | None = None

    def sync(self) -> int:
        """Wait until all of it is on the disk; its length in bytes. Raises `OSError`."""
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return 0  # the last connection folded it into the database, which SQLite syncs itself
        if self._descriptor is None or self._opened is None or not os.path.samestat(found, self._opened):
            self._descriptor = self._open()
        os.fdatasync(self._descriptor)
        hit("log.after_sync")
        return found.st_size

    def _open(self) -> int:
        self.close()
        # After a power cut a new file is found by its name only if its folder was synced. SQLite leaves that to whoever made the
        # file, which may be a connection that never writes.
        folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        # Kept open from sync to sync: a write that failed in the background is told to files that were open then, and only once.
        descriptor = os.open(self._path, os.O_RDWR | os.O_CLOEXEC)
        self._opened = os.fstat(descriptor)
        return descriptor

    def close(self) -> None:
        """Let go of the file."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
