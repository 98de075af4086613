"""The log of updates: one commit for all rooms that wait, one commit in flight.

What arrives while a commit is under way joins the next one, so the disk is the clock. A batch is told that it is committed only
when the transaction is on the disk; nothing is shown or acknowledged before.
"""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from mdreader.features.collab.text import Shape
from mdreader.kernel.clock import Clock
from mdreader.kernel.metrics import COMMIT_BATCHES, COMMIT_SECONDS, LOG_QUEUE

log = structlog.get_logger(__name__)

# Seconds from the start of one commit to the start of the next while more is waiting. A commit costs about as much CPU as twenty
# deliveries, so on a fast disk an unpaced log would spend its time committing one edit at a time.
PACE = 0.005


@dataclass(slots=True)
class Batch:
    """What one room wants committed: an update, client ids first seen in it, or a new shape of the file."""

    document_id: str
    seq: int  # the log row's number: one more than the room's last
    data: bytes | None  # Yjs update v1; None when only the shape changes
    on_committed: Callable[[], None]
    on_failed: Callable[[Exception], None]
    new_clients: dict[int, str] = field(default_factory=dict)  # client id -> user id
    shape: Shape | None = None


class LogStore(Protocol):
    """Where batches are committed."""

    async def commit(self, batches: list[Batch], now: int) -> None:
        """Store all of `batches` in one durable transaction, or raise and store none."""
        ...


class LogWriter:
    """Groups batches into commits. Owns one task, from `start` to `stop`."""

    def __init__(self, store: LogStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._waiting: list[Batch] = []
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to commit."""
        self._task = asyncio.create_task(self._run(), name="log-writer")

    async def stop(self) -> None:
        """Commit what waits, then end."""
        await self.flushed()
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def submit(self, batch: Batch) -> None:
        """Let `batch` join the next commit. Its room submits no other before this one has ended."""
        self._waiting.append(batch)
        self._idle.clear()
        self._wake.set()

    async def flushed(self) -> None:
        """Wait until nothing is waiting or in flight."""
        await self._idle.wait()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        last = 0.0
        while True:
            if not self._waiting:
                self._wake.clear()
                self._idle.set()
                await self._wake.wait()
            rest = last + PACE - loop.time()
            if rest > 0:
                await asyncio.sleep(rest)
            batches, self._waiting = self._waiting, []
            last = loop.time()
            LOG_QUEUE.set(len(batches))
            await self._commit(batches)
            COMMIT_SECONDS.observe(loop.time() - last)
            COMMIT_BATCHES.inc(len(batches))

    async def _commit(self, batches: list[Batch]) -> None:
        try:
            await self._store.commit(batches, self._clock.now())
        except Exception as error:  # disk full, I/O error, a row that is there already: the rooms must hear of it
            if len(batches) > 1:
                # One room's trouble must not take the others down: each alone.
                for batch in batches:
                    await self._commit([batch])
                return
            log.error("commit_failed", document_id=batches[0].document_id, error=f"{type(error).__name__}: {error}")
            self._tell(batches[0], error)
            return
        for batch in batches:
            self._tell(batch, None)

    @staticmethod
    def _tell(batch: Batch, error: Exception | None) -> None:
        try:
            if error is None:
                batch.on_committed()
            else:
                batch.on_failed(error)
        except Exception:  # a room's mistake must not stop the log of the others
            log.exception("batch_callback_failed", document_id=batch.document_id)
