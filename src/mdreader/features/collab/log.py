"""The log of updates: one commit for all rooms that wait, one commit in flight.

What arrives while a commit is under way joins the next one, so the disk is the clock. A batch is told that it is committed only
when the transaction is on the disk; nothing is shown or acknowledged before.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

import structlog

from mdreader.db.engine import Transaction
from mdreader.db.trouble import is_full
from mdreader.db.wal_sync import Done
from mdreader.features.collab.rest import MOMENT, Rest
from mdreader.features.collab.text import Shape
from mdreader.kernel.clock import Clock
from mdreader.kernel.errors import AppError, UnavailableError
from mdreader.kernel.metrics import COMMIT_BATCHES, COMMIT_SECONDS, DELIVERY_LAG, LOG_QUEUE
from mdreader.kernel.tracing import worked

log = structlog.get_logger(__name__)

# Seconds from the start of one commit to the start of the next while more is waiting. A commit costs about as much CPU as forty
# deliveries, so on a fast disk an unpaced log would spend its time committing one edit at a time. The first edit after a pause
# does not wait.
PACE = 0.010
# With so many rooms in one commit the server is busy enough for fewer, larger ones, until a larger one has too few.
MANY_ROOMS = 8
PACE_WITH_MANY = 0.060
STILL_MANY_ROOMS = 24
# Seconds for which rooms are asked for their batches; those that are left are in the next commit.
STRETCH = 0.010


@dataclass(slots=True, eq=False)
class Batch:
    """What one room wants committed: an update, client ids first seen in it, or a new shape of the file."""

    document_id: str
    source: "Source"  # is told of its end
    seq: int = 0  # the log row's number: one more than the room's last
    data: bytes = b""  # Yjs update v1; an empty update when only the shape changes
    new_clients: Mapping[int, str] = field(default_factory=dict)  # client id -> user id
    shape: Shape | None = None
    # To be written in the same transaction, behind the rows of all batches. Called again when that could not be committed.
    record: Callable[[Transaction], Awaitable[None]] | None = None
    exact: bool = False  # to be stored under `seq` or not at all; else another server's rows may come between
    number: int = 0  # the number that it got, once it is stored; `seq` while this is 0
    moved: bool = False  # it was exact, and the log has moved on: nothing of it is stored


class Source(Protocol):
    """A room, as the log sees it."""

    def flush(self) -> Batch | None:
        """Hand over what is to be committed next; None when there is nothing (any more)."""
        ...

    def committed(self) -> None:
        """What was handed over last is on the disk."""
        ...

    def failed(self, error: Exception) -> None:
        """It cannot be stored, or `flush` raised: what it had taken is lost."""
        ...


class LogStore(Protocol):
    """Where batches are committed."""

    def commit(self, batches: list[Batch], now: int, done: Done) -> None:
        """Store all of `batches` in one durable transaction, or none; then call `done`, on the event loop, with the error if any."""
        ...

    async def close(self) -> None:
        """Wait for what has begun, and close its connection."""
        ...


class LogWriter:
    """Groups the batches of rooms into commits. Callbacks on the event loop instead of a task: it runs hundreds of times a second."""

    def __init__(
        self,
        store: LogStore,
        clock: Clock,
        disturbed: Callable[[], bool] = lambda: False,
        on_full: Callable[[], None] = lambda: None,
        sleep: Callable[[float], object] | None = None,
    ) -> None:
        """`on_full` is called when the disk is.

        `disturbed` says whether the server is at something else than keystrokes, and `sleep` sleeps until something else comes; see
        `Rest`. Without `sleep` it rests for moments only.
        """
        self._store = store
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._waiting: dict[Source, None] = {}
        self._busy = False  # a commit is scheduled or in flight
        self._in_flight = False
        self._last = 0.0
        self._pace = PACE
        self._batches = 0  # in the last commit
        self._is_crowded = False  # enough of them were keystrokes, which nobody waits for but by looking
        self._idle = asyncio.Event()
        self._idle.set()
        self._on_full = on_full
        self._sleeps_long = sleep is not None
        self._rest = Rest(self._rest_seconds, disturbed, sleep or time.sleep)

    def _rest_seconds(self) -> float | None:
        if not (self._busy and self._is_crowded):
            return None
        if self._in_flight or not self._sleeps_long:
            return MOMENT
        return max(0.0, self._last + self._pace - self._loop.time())

    def ready(self, source: Source, *, awaited: bool = False) -> None:
        """Let `source` join the next commit; it is asked for its batch when that begins.

        `awaited` says that somebody does nothing else until it is done. When nobody else has anything to commit, it begins at once.
        """
        self._waiting[source] = None
        if not self._busy:
            self._schedule(alone=awaited and self._batches <= 1)

    async def flushed(self) -> None:
        """Wait until nothing is waiting or in flight."""
        await self._idle.wait()

    def _schedule(self, *, alone: bool = False) -> None:
        self._busy = True
        self._idle.clear()
        rest = self._last + self._pace - self._loop.time()
        if rest > 0 and not alone:
            self._loop.call_later(rest, self._begin)
        else:
            # Not at once: what came in the same read of a socket goes along.
            self._loop.call_soon(self._begin)

    def _begin(self) -> None:
        sources, self._waiting = self._waiting, {}
        self._last = self._loop.time()
        end = time.perf_counter() + STRETCH
        batches: list[Batch] = []
        # Many rooms in one go: the code and the caches are warm after the first. But those that need long must not hold up all others.
        for source in sources:
            if batches and time.perf_counter() > end:
                self._waiting[source] = None
            elif (batch := self._flush(source)) is not None:
                batches.append(batch)
        # A write over HTTP is waited for: many of those are no reason to let them wait longer.
        self._batches = len(batches)
        typed = sum(batch.record is None for batch in batches)
        self._is_crowded = typed >= (STILL_MANY_ROOMS if self._is_crowded else MANY_ROOMS)
        self._pace = PACE_WITH_MANY if self._is_crowded else PACE
        if self._is_crowded:
            self._rest.begin()
        if batches:
            LOG_QUEUE.set(len(batches))
            COMMIT_BATCHES.inc(len(batches))
            self._commit(batches)
        else:
            self._next()

    @staticmethod
    def _flush(source: Source) -> Batch | None:
        try:
            return source.flush()
        except Exception as error:  # a room's mistake must not stop the log of the others
            log.exception("flush_failed")
            source.failed(error)
            return None

    def _commit(self, batches: list[Batch]) -> None:
        self._in_flight = True
        self._store.commit(batches, self._clock.now(), partial(self._committed, batches))

    def _committed(self, batches: list[Batch], error: Exception | None) -> None:
        seconds = self._loop.time() - self._last
        COMMIT_SECONDS.observe(seconds)
        worked("collab.commit", seconds, batches=len(batches), failed=error is not None)
        if error is not None and is_full(error):
            self._on_full()
        if error is not None and len(batches) > 1:
            # Disk full, or one room's row that is there already: its trouble must not take the others down, so each alone.
            self._one_by_one(batches, error)
            return
        if error is not None and not _refused(error):
            log.error("commit_failed", document_id=batches[0].document_id, error=f"{type(error).__name__}: {error}")
        for batch in batches:
            self._tell(batch, error)
        if error is None:
            DELIVERY_LAG.observe(self._loop.time() - self._last)  # once for all: they were taken in the same moment
        self._next()

    def _one_by_one(self, batches: list[Batch], first: Exception) -> None:
        def settled(error: Exception | None) -> None:
            # The first reason: when only the disk had failed, the rows are there already, and that is all the second says.
            # But what one batch is refused for is no reason for another's failure.
            self._tell(batches[0], error if error is None or _refused(error) or _refused(first) else first)
            if len(batches) > 1:
                self._one_by_one(batches[1:], first)
            else:
                self._next()

        self._store.commit(batches[:1], self._clock.now(), settled)

    def _next(self) -> None:
        self._in_flight = False
        if self._waiting:
            self._schedule()
        else:
            self._busy = False
            self._idle.set()

    @staticmethod
    def _tell(batch: Batch, error: Exception | None) -> None:
        try:
            if error is None:
                batch.source.committed()
            else:
                batch.source.failed(error)
        except Exception:  # a room's mistake must not stop the log of the others
            log.exception("batch_callback_failed", document_id=batch.document_id)


def _refused(error: Exception) -> bool:
    """Whether it is an answer for who asked, and no trouble of the storage."""
    return isinstance(error, AppError) and not isinstance(error, UnavailableError)
