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

    def sync(self, done: Done) -> None:
        """Call `done` on the loop when everything committed so far is on the disk, with the error if that failed."""
        self._waiting.append(done)
        if not self._in_flight:
            self._start()

    async def synced(self) -> None:
        """Wait until everything committed so far is on the disk. Raises `OSError`."""
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
            except OSError as caught:
                error = caught
            assert self._loop is not None  # noqa: S101 - set before the thread was started
            self._loop.call_soon_threadsafe(self._synced, batch, error)
            self._checkpoint(length)
        if self._checkpointer is not None:
            self._checkpointer.close()

    def _sync(self) -> int:
        # Opened anew each time: SQLite may have replaced the file. Its locks are on other files, so closing this one drops none.
        try:
            descriptor = os.open(self._path + "-wal", os.O_RDWR)
        except FileNotFoundError:
            return 0  # the last connection folded it into the database, which SQLite syncs itself
        try:
            os.fdatasync(descriptor)
            hit("log.after_sync")
            return os.fstat(descriptor).st_size
        finally:
            os.close(descriptor)

    def _checkpoint(self, length: int) -> None:
        self._since_checkpoint += 1
        long = length > CHECKPOINT_BYTES and self._since_checkpoint >= CHECKPOINT_SYNCS_WHEN_LONG
        if self._since_checkpoint < CHECKPOINT_SYNCS and not long:
            return
        self._since_checkpoint = 0
        try:
            if self._checkpointer is None:
                self._checkpointer = sqlite3.connect(self._path, isolation_level=None)
                for pragma in self._pragmas:
                    self._checkpointer.execute(pragma)
            # PASSIVE waits for nobody; what it could not write back is left for the next one.
            self._checkpointer.execute("PRAGMA wal_checkpoint(PASSIVE)")
        except sqlite3.Error:
            log.warning("checkpoint_failed", exc_info=True)
