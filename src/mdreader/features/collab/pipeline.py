"""A room's way to the disk: what was let in is applied, committed, and only then shown and acknowledged.

The replica is the committed state, or, while a commit is in flight, that state and the batch in flight; it changes in `flush`, and part
by part while a bulk is busy.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import structlog

from mdreader.db.trouble import FULL, is_full
from mdreader.features.collab import takeoff
from mdreader.features.collab.bulk import Bulk, Stage
from mdreader.features.collab.closing import CloseCode
from mdreader.features.collab.content import Content
from mdreader.features.collab.flight import Flight, Typed
from mdreader.features.collab.hosts import PipelineHost
from mdreader.features.collab.log import Batch, LogWriter
from mdreader.features.collab.position import Position
from mdreader.features.collab.replica import EMPTY_UPDATE, ReplicaError
from mdreader.features.collab.rewrite import Rewrite
from mdreader.features.collab.rewrites import PATIENCE, Rewrites
from mdreader.features.collab.settling import Settling
from mdreader.features.collab.varint import ProtocolError
from mdreader.features.collab.verdict import Verdict
from mdreader.features.collab.window import FEW, Window
from mdreader.kernel.errors import AppError, StorageFullError
from mdreader.kernel.failpoints import hit

if TYPE_CHECKING:
    from mdreader.features.collab.connection import Connection

log = structlog.get_logger(__name__)

BROKEN = "the document is being reloaded"


class Pipeline:
    """The updates, rewrites and the one bulk of a room between the gate and the disk."""

    __slots__ = (
        "_content",
        "_document_id",
        "_ended",
        "_ending",
        "_epoch",
        "_flight",
        "_host",
        "_incoming",
        "_loop",
        "_new_clients",
        "_next_done",
        "_quiescing",
        "_rewrites",
        "_shared",
        "_timer",
        "_window",
        "_writer",
        "bulk",
        "following",
        "last_writer",
        "position",
        "settling",
    )

    def __init__(
        self,
        host: PipelineHost,
        identity: tuple[str, str],
        position: Position,
        content: Content,
        writer: LogWriter,
        *,
        shared: bool = False,
    ) -> None:
        """`identity`: the document's id and epoch. `shared`: other servers append to the same log."""
        self.position = position
        self.settling = Settling(lambda: self.is_settled)
        self.last_writer: str | None = None  # a user id
        self.bulk: Bulk | None = None
        self.following = False  # a large row of another server is half applied
        self._shared = shared
        self._document_id, self._epoch = identity
        self._host = host
        self._content = content
        self._writer = writer
        self._loop = asyncio.get_running_loop()
        self._ended = False
        self._ending = False  # a window: what is taken in is committed with it
        self._incoming: Typed = []
        self._new_clients: dict[int, str] = {}
        self._rewrites = Rewrites(position)
        self._next_done: list[Callable[[], None]] = []
        self._quiescing: list[asyncio.Future[None]] = []
        self._flight: Flight | None = None
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
        return bool(self._flight or self.bulk or self.following or self._waits or self.settling)

    @property
    def _waits(self) -> bool:
        """Whether there is something to commit next."""
        return bool(self._incoming or self._rewrites or self._next_done)

    def take(self, update: bytes, connection: "Connection", verdict: Verdict) -> None:
        """An update that was admitted."""
        self._incoming.append((update, connection, verdict))
        if verdict.new_clients:
            self.claim(verdict)
        self.flush_soon()

    def claim(self, verdict: Verdict) -> None:
        """Client ids that were first seen with an update are its author's from now on."""
        for client in verdict.new_clients:
            self._new_clients[client] = verdict.user

    def take_rewrite(self, rewrite: Rewrite) -> None:
        """A text that is to replace the live one."""
        self._rewrites.put(rewrite)
        if self._shared:
            patience = self._loop.call_later(PATIENCE, self._rewrites.give_up, rewrite)
            rewrite.done.add_done_callback(lambda _: patience.cancel())
        self.flush_soon(awaited=True)

    def take_bulk(self, bulk: Bulk) -> None:
        """A large update; its turn comes when everything before it is committed."""
        self.bulk = bulk
        self._bulk_turn()

    def let_go(self) -> None:
        """Nothing of another server is half applied any more."""
        self.following = False
        self._bulk_turn()

    def _bulk_turn(self) -> None:
        if self.bulk is None or self._flight or self._incoming or self.following:
            return
        if not self._rewrites.ready or self._rewrites.had_turn:
            self.bulk.begin()

    # ---- moments ----

    def when_stored(self, callback: Callable[[], None]) -> None:
        """Call when everything received so far is committed."""
        if self._incoming or self.bulk:
            self._next_done.append(callback)
        elif self._flight is not None:
            self._flight.done.append(callback)
        else:
            callback()

    @property
    def is_settled(self) -> bool:
        """Whether the replica is exactly the committed state."""
        return self._flight is None and not self.following and (self.bulk is None or self.bulk.stage is Stage.WAITING)

    # ---- rows of other servers ----

    @property
    def in_flight(self) -> bool:
        """Whether a commit is under way, whose number is not known before its end."""
        return self._flight is not None

    def followed(self, seq: int) -> None:
        """What another server stored under `seq` is in the document now."""
        now = self._loop.time()
        self.position.followed(seq, now)
        self._window.followed(now)

    @property
    def shows_soon(self) -> bool:
        """Whether a commit is under way, or about to be: what it shows can take along what others wrote."""
        return self._timer is not None or self._flight is not None

    @property
    def gathers(self) -> bool:
        """Whether other servers commit in the same moments as this one, so that what all of them wrote is shown together."""
        return self._shared and self._window.is_shared(self._host.people, self._loop.time())

    def wait(self) -> float:
        """How long something that comes now should wait for more, with many people. Seconds."""
        return self._window.seconds(self._host.people, self._loop.time())

    def window_left(self) -> float:
        """Seconds until the window ends on all servers at once; while it `gathers`."""
        return self._window.left(self._host.people)

    # ---- out ----

    def flush_soon(self, *, awaited: bool = False) -> None:
        """Have what waits committed, at once or with what comes in the next moment. `awaited`: see `LogWriter.ready`."""
        if self._timer is not None or self._flight is not None or self._ended or self._ending:
            return
        people = self._host.people
        wait = self._window.seconds(people, self._loop.time()) if people > FEW else 0.0
        if wait:
            self._timer = self._loop.call_later(wait, self._flush_now)
        else:
            self._writer.ready(self, awaited=awaited)

    def end_window(self, take_in: Callable[[], int]) -> int:
        """Have what waits, and what `take_in` takes in, committed now: it waited for its window before. Returns what that returned."""
        self._ending = True
        try:
            came = take_in()
        finally:
            self._ending = False
        if self._timer is not None:
            self._timer.cancel()
            self._flush_now()
        elif self._waits and self._flight is None:
            self._flush_now()
        return came

    def _flush_now(self) -> None:
        self._timer = None
        self._writer.ready(self)

    def flush(self) -> Batch | None:
        """Apply what came in and hand it to the log."""
        bulk = self.bulk if self.bulk is not None and self.bulk.stage is not Stage.WAITING else None
        if self._ended or self._flight is not None or self.following or (bulk and bulk.stage is Stage.BUSY):
            return None
        rewritable = self._rewrites.ready
        if not (self._incoming or rewritable or self._next_done or bulk):
            return None
        if not self._content.writable:
            self._host.bring_in()
            return None
        flight = self._make(bulk, rewritable=rewritable)
        if flight is None:
            return None
        self._rewrites.had_turn = bool(flight.rewrites)
        if self._next_done and not (self._incoming or flight.forked):  # else what they wait for stays behind
            flight.done, self._next_done = self._next_done, []
        self._flight = flight
        if not flight.data:
            self.committed()
            return None
        if self._new_clients:
            flight.new_clients = {**self._new_clients, **flight.new_clients}
            self._new_clients = {}
        if flight.records:
            flight.record = flight.write_records
        flight.seq = self.position.seq + 1
        hit("room.applied")
        return flight

    def _make(self, bulk: Bulk | None, *, rewritable: bool) -> Flight | None:
        """Apply what goes next; None when the room has ended by that."""
        flight = Flight(self._document_id, self)
        incoming: Typed = []
        try:
            # In turns, or those who write over HTTP all the time would let nobody type.
            if self._shared and rewritable and bulk is None and not (self._rewrites.had_turn and self._incoming):
                self._rewrites.fork(flight, self._content, self._epoch)
                self._window.sent(1, self._loop.time())
                return flight
            incoming, self._incoming = self._incoming, []
            if len(incoming) == 1 and bulk is None and (self._shared or not rewritable):  # nearly always
                self._window.sent(1, self._loop.time())
                takeoff.apply_one(flight, self._content, incoming)
            else:
                self._apply_all(flight, bulk, incoming)
        except (ReplicaError, ProtocolError) as error:
            for connection in takeoff.authors(bulk, incoming):
                connection.close(CloseCode.REFUSED, "the update cannot be applied")
            self._host.broken(BROKEN, f"replica: {error}")
            return None
        if incoming:
            self.last_writer = incoming[-1][1].person.user_id
        return flight

    def _apply_all(self, flight: Flight, bulk: Bulk | None, incoming: Typed) -> None:
        """Apply a bulk, what was typed, and where nobody else writes to the log all rewrites, too."""
        rewrites = [] if self._shared else self._rewrites.take()
        self._window.sent(len(incoming) + len(rewrites), self._loop.time())
        if bulk is not None:
            self.bulk = None
            self.last_writer = bulk.connection.person.user_id
        file = (self.position.shape, self._epoch)
        try:
            self._incoming = takeoff.apply_all(flight, self._content, bulk, incoming, rewrites=rewrites, file=file)
        except BaseException:
            self._rewrites.put_back(rewrites)  # `end` tells those who wait for them
            raise

    # ---- told ----

    def committed(self) -> None:
        """What `flush` handed over last is on the disk; or there was nothing to store, or another server's row came before it."""
        flight = self._flight
        if flight is None or self._ended:
            return
        try:
            if flight.moved:
                self._again(flight)
            else:
                self._tell(flight)
        except Exception as error:
            # It is stored, and who asked for it is told so. But who was shown what is not known any more: everybody reads it anew.
            log.exception("told_by_half", document_id=self._document_id)
            if not flight.moved:
                for rewrite in flight.rewrites:
                    rewrite.settle()
            self._host.broken(BROKEN, f"{type(error).__name__}: {error}")
            return
        if self._waits:
            self.flush_soon()

    def _tell(self, flight: Flight) -> None:
        """Take in what is stored, show it, and acknowledge it: in this order, but for a moment in which it waits for other servers'."""
        data = flight.data
        shows = data not in (b"", EMPTY_UPDATE)
        if flight.forked and shows:
            self._content.adopt(data)
        self._flight = None
        if data:
            seq = flight.number or flight.seq
            self.position.committed(seq, flight.shape, self._loop.time(), recorded=flight.is_recorded)
            if self._shared:
                self._host.stored(flight)
            hit("room.before_broadcast")
            if shows:
                self._host.broadcast(data, flight.author)
            hit("room.before_acknowledgement")
        for callback in flight.done:
            callback()
        for rewrite in flight.rewrites:
            rewrite.settle()
            if rewrite.changed:
                self.last_writer = rewrite.user_id
        hit("room.acknowledged")
        if self.position.has_hole:
            self._host.catch_up(self.position.seq + 1)
        self._go_on()

    def _go_on(self) -> None:
        """Nothing is in flight: those who waited for that have their turn."""
        self.settling.run()
        if self.bulk is not None:
            self._bulk_turn()
        self._host.moved_on()

    def _again(self, flight: Flight) -> None:
        """Another server was faster: its rows are read, then the rewrite is made anew."""
        self._flight = None
        self._new_clients = {**flight.new_clients, **self._new_clients}  # those of other edits went along
        self._next_done[:0] = flight.done
        self._rewrites.again(flight.rewrites, flight.seq)
        self._host.catch_up(flight.seq)
        self._go_on()

    def failed(self, error: Exception) -> None:
        """What was asked of it cannot be stored, or not even be made: the room ends."""
        if self._ended:
            return
        full = is_full(error)
        if full or isinstance(error, AppError):
            told = error if isinstance(error, AppError) else StorageFullError(FULL)
            for rewrite in self._flight.rewrites if self._flight is not None else ():
                rewrite.fail(told)
        reason = "not saved: the server's disk is full" if full else "not saved: the server cannot store it now"
        self._host.broken(reason, f"commit: {type(error).__name__}: {error}")

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
        for rewrite in [*(self._flight.rewrites if self._flight else ()), *self._rewrites.take()]:
            rewrite.fail(error())
        if self.bulk is not None:
            self.bulk.begin()
        for done in self._quiescing:
            _resolve(done)
        self.settling.end()


def _resolve(done: "asyncio.Future[None]") -> None:
    if not done.done():
        done.set_result(None)
