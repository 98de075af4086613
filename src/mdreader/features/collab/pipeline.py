"""A room's way to the disk: what was let in is applied, committed, and only then shown and acknowledged.

The replica is the committed state, or, while a commit is in flight, that state and the batch in flight; it changes in `flush`, and part
by part while a bulk is busy.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Protocol

from mdreader.db.engine import Transaction
from mdreader.db.trouble import FULL, is_full
from mdreader.features.collab.bulk import STRETCH, Bulk, Stage
from mdreader.features.collab.closing import CloseCode
from mdreader.features.collab.content import Content
from mdreader.features.collab.log import Batch, LogWriter
from mdreader.features.collab.replica import EMPTY_UPDATE, ReplicaError, merged
from mdreader.features.collab.rewrite import Rewrite
from mdreader.features.collab.storage import Stored
from mdreader.features.collab.text import Shape
from mdreader.features.collab.varint import ProtocolError
from mdreader.features.collab.verdict import Verdict
from mdreader.features.collab.window import Window
from mdreader.kernel.errors import AppError, StorageFullError
from mdreader.kernel.failpoints import hit

if TYPE_CHECKING:
    from mdreader.features.collab.connection import Connection

# Times that a text which is to replace whatever is there is made anew because another server's edits came between; then it merges.
EXACT_TRIES = 10
BROKEN = "the document is being reloaded"


class Host(Protocol):
    """The room, as its pipeline sees it."""

    @property
    def people(self) -> int:
        """How many connections there are."""
        ...

    def bring_in(self) -> None:
        """Bring the document into memory; the pipeline is asked again then."""
        ...

    def broadcast(self, update: bytes, author: "Connection | None") -> None:
        """Show a committed update to everybody but its only author."""
        ...

    def moved_on(self) -> None:
        """A commit is done and told."""
        ...

    def stored(self, batch: Batch) -> None:
        """A batch of this room is stored: other servers are to hear of it."""
        ...

    def catch_up(self) -> None:
        """Rows of other servers are missing: have them read."""
        ...

    def broken(self, reason: str, why: str) -> None:
        """It cannot go on: `reason` is for people, `why` for the log."""
        ...


@dataclass(slots=True)
class _Flight:
    """What is being committed."""

    started: float
    done: list[Callable[[], None]] = field(default_factory=list)
    data: bytes | None = None
    shape: Shape | None = None
    author: "Connection | None" = None  # the only one, or None for several
    typed: bool = False  # whether something of it came over a socket
    rewrites: list[Rewrite] = field(default_factory=list)
    batch: Batch | None = None
    forked: bool = False  # the replica does not hold it before it is committed

    async def record(self, tx: Transaction) -> None:
        """Write what its rewrites want written beside the text."""
        for rewrite in self.rewrites:
            if rewrite.recording:
                await rewrite.record(tx)


class Pipeline:
    """The updates, rewrites and the one bulk of a room between the gate and the disk."""

    def __init__(
        self, host: Host, stored: Stored, content: Content, writer: LogWriter, *, shared: bool = False
    ) -> None:
        """`shared`: other servers append to the same log."""
        self.seq = stored.seq
        self.shape = stored.shape
        self.log_rows = stored.log_rows
        self.last_writer: str | None = None  # a user id
        self.recorded_seq = stored.text_seq  # up to here the tree knows of the text: title, size, revision
        self.changed_at = 0.0  # loop time of the last commit
        self.dirty_since = 0.0  # loop time of the first commit that is not projected yet; 0 when there is none
        self.followed_since = (
            0.0  # loop time of the first row of another server that is not projected yet; 0 when there is none
        )
        self.bulk: Bulk | None = None
        self._shared = shared
        self._ahead: set[int] = set()  # rows that are here while one before them is not
        self._document_id = stored.document_id
        self._epoch = stored.epoch
        self._host = host
        self._content = content
        self._writer = writer
        self._loop = asyncio.get_running_loop()
        if stored.text_seq != stored.seq:  # the server was killed before it came to that
            self.dirty_since = self._loop.time()
        self._ended = False
        self._incoming: list[tuple[bytes, Connection]] = []
        self._new_clients: dict[int, str] = {}
        self._rewrites: list[Rewrite] = []
        self._next_done: list[Callable[[], None]] = []
        self._settled: list[Callable[[], None]] = []
        self._quiescing: list[asyncio.Future[None]] = []
        self._flight: _Flight | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._window = Window()

    # ---- in ----

    @property
    def unapplied(self) -> bool:
        """Whether something that was let in is not committed yet."""
        return bool(self._incoming or self._flight)

    @property
    def busy(self) -> bool:
        """Whether something is on its way, or waits for the end of it."""
        return bool(self._flight or self.bulk or self._incoming or self._rewrites or self._next_done or self._settled)

    def take(self, update: bytes, connection: "Connection", verdict: Verdict) -> None:
        """An update that was admitted."""
        self._incoming.append((update, connection))
        self.claim(verdict)
        self.flush_soon()

    def claim(self, verdict: Verdict) -> None:
        """Client ids that were first seen with an update are its author's from now on."""
        for client in verdict.new_clients:
            self._new_clients[client] = verdict.user

    def take_rewrite(self, rewrite: Rewrite) -> None:
        """A text that is to replace the live one."""
        self._rewrites.append(rewrite)
        self.flush_soon(awaited=True)

    def take_bulk(self, bulk: Bulk) -> None:
        """A large update; its turn comes when everything before it is committed."""
        self.bulk = bulk
        self._bulk_turn()

    def _bulk_turn(self) -> None:
        if self.bulk is not None and not (self._flight or self._incoming or self._rewrites):
            self.bulk.begin()

    # ---- moments ----

    def when_stored(self, callback: Callable[[], None]) -> None:
        """Call when everything received so far is committed."""
        if self._incoming or self._rewrites or self.bulk:
            self._next_done.append(callback)
        elif self._flight is not None:
            self._flight.done.append(callback)
        else:
            callback()

    @property
    def is_settled(self) -> bool:
        """Whether the replica is exactly the committed state."""
        return self._flight is None and (self.bulk is None or self.bulk.stage is Stage.WAITING)

    def when_settled(self, callback: Callable[[], None]) -> None:
        """Call at a moment when the replica is exactly the committed state."""
        if self.is_settled:
            callback()
        else:
            self._settled.append(callback)

    def at_next_settling(self, callback: Callable[[], None]) -> None:
        """Call when the document has come into memory, or at the next settled moment."""
        self._settled.append(callback)

    def run_settled(self) -> None:
        """Tell those who wait for a settled moment, if this is one."""
        if self.is_settled and not self._ended:
            callbacks, self._settled = self._settled, []
            for callback in callbacks:
                callback()

    # ---- rows of other servers ----

    @property
    def in_flight(self) -> bool:
        """Whether a commit is under way, whose number is not known before its end."""
        return self._flight is not None

    def followed(self, seq: int) -> None:
        """What another server stored under `seq` is in the document now."""
        self.changed_at = self._loop.time()
        self.followed_since = self.followed_since or self.changed_at
        self._window.sent(1, self.changed_at)  # it was gathered in a window already
        self._advance(seq)

    def followed_all(self, stored: Stored) -> None:
        """Everything that is stored is in the document now."""
        self.shape = stored.shape
        if stored.seq > self.seq:
            self.changed_at = self._loop.time()
            self.followed_since = self.followed_since or self.changed_at
            self.seq = stored.seq
            self._ahead = {seq for seq in self._ahead if seq > stored.seq}
        self._advance(stored.seq)
        self.log_rows = stored.log_rows

    def _advance(self, seq: int) -> None:
        if seq > self.seq:
            self._ahead.add(seq)
            self.log_rows += 1
        while self.seq + 1 in self._ahead:
            self.seq += 1
            self._ahead.discard(self.seq)

    @property
    def shows_soon(self) -> bool:
        """Whether a commit is under way, or about to be: what it shows can take along what others wrote."""
        return self._timer is not None or self._flight is not None

    def wait(self) -> float:
        """How long something that comes now should wait for more, with many people. Seconds."""
        return self._window.seconds(self._host.people, self._loop.time())

    # ---- out ----

    def flush_soon(self, *, awaited: bool = False) -> None:
        """Have what waits committed, at once or with what comes in the next moment. `awaited`: see `LogWriter.ready`."""
        if self._timer is not None or self._flight is not None or self._ended:
            return
        wait = self.wait()
        if wait:
            self._timer = self._loop.call_later(wait, self._flush_now)
        else:
            self._writer.ready(self, awaited=awaited)

    def _flush_now(self) -> None:
        self._timer = None
        self._writer.ready(self)

    def flush(self) -> Batch | None:
        """Apply what came in and hand it to the log."""
        bulk = self.bulk if self.bulk is not None and self.bulk.stage is not Stage.WAITING else None
        if self._ended or self._flight is not None or (bulk is not None and bulk.stage is Stage.BUSY):
            return None
        rewritable = bool(self._rewrites and not self._ahead)
        if not (self._incoming or rewritable or self._next_done or bulk):
            return None
        if not self._content.writable:
            self._host.bring_in()
            return None
        flight = self._rewrite_fork() if self._shared and rewritable and bulk is None else self._apply_all(bulk)
        if flight is None:
            return None
        if not (self._incoming or flight.forked):  # else not all of what they wait for is on its way
            flight.done, self._next_done = self._next_done, []
        self._flight = flight
        if flight.data is None:
            self._committed()
            return None
        new_clients, self._new_clients = self._new_clients, {}
        hit("room.applied")
        flight.batch = Batch(
            self._document_id,
            self.seq + 1,
            flight.data,
            self._committed,
            self.failed,
            new_clients,
            flight.shape,
            flight.record if any(rewrite.recording for rewrite in flight.rewrites) else None,
            exact=flight.forked and flight.rewrites[0].tries < EXACT_TRIES,
        )
        return flight.batch

    def _rewrite_fork(self) -> _Flight | None:
        """Make the first rewrite on a copy: another server may be faster, and then it is made anew."""
        rewrite = self._rewrites.pop(0)
        flight = _Flight(self._loop.time(), rewrites=[rewrite], forked=True)
        self._window.sent(1, flight.started)
        try:
            change = rewrite.apply(self._content.fork(), self.shape, self._epoch)
        except Exception as error:
            self._rewrites.insert(0, rewrite)  # `end` tells those who wait for it
            if not isinstance(error, ReplicaError):
                raise
            self._host.broken(BROKEN, f"replica: {error}")
            return None
        flight.data, flight.shape = change.update, change.shape
        if flight.data is None and flight.shape is not None:
            flight.data = EMPTY_UPDATE
        for client in change.new_clients:
            self._new_clients[client] = rewrite.owner
        return flight

    def _apply_all(self, bulk: Bulk | None) -> _Flight | None:
        flight = _Flight(self._loop.time())
        incoming, self._incoming = self._incoming, []
        rewrites: list[Rewrite] = []
        if not self._shared:
            rewrites, self._rewrites = self._rewrites, []
        self._window.sent(len(incoming) + len(rewrites), flight.started)
        authors = dict.fromkeys(connection for _, connection in incoming)
        made: list[bytes] = []
        if bulk is not None:
            self.bulk = None
            made.append(bulk.news)
            authors[bulk.connection] = None
        try:
            self._apply(incoming, made)
            for rewrite in rewrites:
                self._rewrite(rewrite, flight, made)
            if not made and flight.shape is not None:
                made.append(
                    EMPTY_UPDATE
                )  # a row, by whose number everybody sees that the stored text and ETag are older
            flight.data = merged(made) if made else None
        except Exception as error:
            self._rewrites[:0] = rewrites  # `end` tells those who wait for them
            if not isinstance(error, (ReplicaError, ProtocolError)):
                raise
            for connection in authors:
                connection.close(CloseCode.REFUSED, "the update cannot be applied")
            self._host.broken(BROKEN, f"replica: {error}")
            return None
        if len(authors) == 1 and not rewrites:
            flight.author = next(iter(authors))
        if authors:
            flight.typed = True
            self.last_writer = next(reversed(authors)).person.user_id
        return flight

    def _apply(self, incoming: "list[tuple[bytes, Connection]]", made: list[bytes]) -> None:
        """Apply updates in their order, for a stretch of time; what is left waits for the next flush."""
        end = time.perf_counter() + STRETCH
        for index, (update, _) in enumerate(incoming):
            # One letter can take yrs milliseconds in a document of megabytes: it counts its way through to split a string.
            if time.perf_counter() > end:
                self._incoming = incoming[index:]
                return
            self._content.apply(update)
            made.append(update)

    def _rewrite(self, rewrite: Rewrite, flight: _Flight, made: list[bytes]) -> None:
        change = rewrite.apply(self._content, flight.shape or self.shape, self._epoch)
        if change.update is not None:
            made.append(change.update)
        for client in change.new_clients:
            self._new_clients[client] = rewrite.owner
        flight.shape = change.shape or flight.shape
        flight.rewrites.append(rewrite)

    def _committed(self) -> None:  # noqa: C901 - the order of these steps is what matters, so they stand at one place
        flight = self._flight
        if flight is None or self._ended:
            return
        batch = flight.batch
        self._flight = None
        if batch is not None and batch.moved:
            self._again(flight, batch)
            return
        if flight.forked and not self._adopt(flight.data):
            return
        self.shape = flight.shape or self.shape
        if batch is not None:
            self.changed_at = self._loop.time()
            self.dirty_since = self.dirty_since or self.changed_at
            self._advance(batch.number or batch.seq)
            self._host.stored(batch)
            hit("room.before_broadcast")
            if batch.data != EMPTY_UPDATE:
                self._host.broadcast(batch.data, flight.author)
            hit("room.before_acknowledgement")
        for callback in flight.done:
            callback()
        if flight.rewrites and flight.data is not None and not flight.typed and self.recorded_seq == self.seq - 1:
            self.recorded_seq = self.seq  # who asks for a rewrite tells the tree of it, too
        for rewrite in flight.rewrites:
            rewrite.settle()
            self.last_writer = rewrite.user_id
        hit("room.acknowledged")
        if self._ahead:
            self._host.catch_up()
        self.run_settled()
        self._bulk_turn()
        self._host.moved_on()
        if self._incoming or self._rewrites or self._next_done:
            self.flush_soon()

    def _adopt(self, update: bytes | None) -> bool:
        """Take in what was made on a copy; False when the room has ended by that."""
        try:
            if update not in (None, EMPTY_UPDATE):
                self._content.adopt(update)
        except (ReplicaError, ProtocolError) as error:
            self._host.broken(BROKEN, f"replica: {error}")
            return False
        return True

    def _again(self, flight: _Flight, batch: Batch) -> None:
        """Another server was faster: its rows are read, then the rewrite is made anew."""
        self._new_clients = batch.new_clients | self._new_clients  # those of other edits went along
        for rewrite in flight.rewrites:
            rewrite.tries += 1
        self._rewrites[:0] = flight.rewrites
        self._next_done[:0] = flight.done
        self._host.catch_up()
        self.run_settled()
        self._host.moved_on()
        if self._incoming or self._next_done:
            self.flush_soon()

    def failed(self, error: Exception) -> None:
        """What was asked of it cannot be stored, or not even be made: the room ends."""
        if self._ended:
            return
        full = is_full(error) or isinstance(error, StorageFullError)
        if full or isinstance(error, AppError):
            told = error if isinstance(error, AppError) else StorageFullError(FULL)
            for rewrite in self._flight.rewrites if self._flight is not None else ():
                rewrite.fail(told)
        reason = "not saved: the server's disk is full" if full else "not saved: the server cannot store it now"
        self._host.broken(reason, f"commit: {type(error).__name__}: {error}")

    def projected(self, seq: int, *, folded: bool) -> None:
        """The text up to `seq` is stored, and the log up to it folded."""
        if folded:
            self.log_rows = self.seq - seq
        self.recorded_seq = max(self.recorded_seq, seq)
        if seq >= self.seq:
            self.dirty_since = self.followed_since = 0.0
        elif self.dirty_since:
            self.dirty_since = self.changed_at

    async def quiesce(self) -> None:
        """Wait until everything received so far is committed, or never will be."""
        done: asyncio.Future[None] = self._loop.create_future()
        if not self._ended:
            self._quiescing.append(done)
            self.when_stored(partial(_resolve, done))
            await done

    def end(self, error: Callable[[], AppError]) -> None:
        """Take and tell nothing more; what was not committed is not acknowledged. Those who wait for a rewrite get an `error` each."""
        self._ended = True
        if self._timer is not None:
            self._timer.cancel()
        for rewrite in [*(self._flight.rewrites if self._flight else ()), *self._rewrites]:
            rewrite.fail(error())
        if self.bulk is not None:
            self.bulk.begin()
        for done in self._quiescing:
            _resolve(done)
        callbacks, self._settled = self._settled, []
        for callback in callbacks:
            callback()  # each looks itself whether the room has ended


def _resolve(done: "asyncio.Future[None]") -> None:
    if not done.done():
        done.set_result(None)
