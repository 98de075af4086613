"""One document that people have open: its people, where each of them is, and its text."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import structlog

from mdreader.features.collab import protocol
from mdreader.features.collab.awareness import decode_awareness, encode_awareness
from mdreader.features.collab.closing import CloseCode
from mdreader.features.collab.content import Content
from mdreader.features.collab.flight import Flight
from mdreader.features.collab.folding import Capture
from mdreader.features.collab.follower import Follower
from mdreader.features.collab.gathering import Gathering
from mdreader.features.collab.log import LogWriter
from mdreader.features.collab.pipeline import BROKEN, Pipeline
from mdreader.features.collab.position import Position
from mdreader.features.collab.presence import Presence
from mdreader.features.collab.reception import Reception
from mdreader.features.collab.replica import EMPTY_STATE_VECTOR, ReplicaError
from mdreader.features.collab.rewrite import Rewrite
from mdreader.features.collab.storage import Progress, Stored
from mdreader.kernel.errors import AppError, NotFoundError, UnavailableError
from mdreader.kernel.metrics import DELIVERIES
from mdreader.ports.live import LiveText

if TYPE_CHECKING:
    from mdreader.features.collab.connection import Connection

log = structlog.get_logger(__name__)

T = TypeVar("T")

# Cursors are looked at, not read: what changes in this time is sent together. Seconds.
AWARENESS_WINDOW = 0.030
NOBODY = encode_awareness([])


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a room needs of the house around it."""

    writer: LogWriter
    load: Callable[[str, "asyncio.Future[Stored | None]"], None]  # reads what is stored into the future
    spawn: Callable[[Coroutine[Any, Any, None]], None]
    on_broken: Callable[["Room"], None]
    max_document_bytes: int


class Room:
    """Created from what is stored; ends with `discard`, or with `on_broken(room)` by failure."""

    __slots__ = (
        "_around",
        "_awareness_timer",
        "_content",
        "_deleted",
        "_gathering",
        "_loop",
        "_presence",
        "_reception",
        "_used_at",
        "broadcast",
        "connections",
        "dead",
        "document_id",
        "epoch",
        "follower",
        "moved_on",
        "pipeline",
        "position",
        "projected_seq",
        "receive",
    )

    def __init__(self, stored: Stored, surroundings: Surroundings, follower: Follower | None = None) -> None:
        """`follower` hears the other servers, where there may be some."""
        self.document_id = stored.document_id
        self.epoch = stored.epoch
        self.connections: dict[Connection, None] = {}
        self.projected_seq = stored.text_seq
        self.dead = False
        self._deleted = False
        self._around = surroundings
        self._content = Content(stored, surroundings.max_document_bytes)
        self.follower = follower
        self._loop = asyncio.get_running_loop()
        self.position = Position(stored, self._loop.time())
        self.pipeline = Pipeline(
            self,
            (stored.document_id, stored.epoch),
            self.position,
            self._content,
            surroundings.writer,
            shared=follower is not None,
        )
        self._presence = Presence(shared=follower is not None)
        self._reception = Reception(self, self._content, self.pipeline, surroundings)
        self._gathering = Gathering(self._reception, self.pipeline, self.connections) if follower is not None else None
        # Not methods that call these: each call more is felt where many rooms have few people.
        self.receive = self._reception.receive if self._gathering is None else self._gathering.receive
        self.moved_on = self._reception.moved_on
        self.broadcast = self.send_update if follower is None else follower.show
        self._used_at = self._loop.time()
        self._awareness_timer: asyncio.TimerHandle | None = None
        if follower is not None:
            follower.attach(self, self._content, self._presence)

    @property
    def people(self) -> int:
        """How many people there are, on whichever server."""
        if self.follower is None:
            return len(self.connections)
        return len(self.connections) + self._presence.elsewhere

    @property
    def seq(self) -> int:
        """The number of the newest committed log row."""
        return self.position.seq

    @property
    def used_at(self) -> float:
        """Loop time at which somebody last came, left, wrote or read."""
        return max(self._used_at, self.position.changed_at)

    def use(self) -> None:
        """Somebody has come for the room."""
        self._used_at = self._loop.time()

    # ---- people ----

    def join(self, connection: "Connection") -> None:
        """Let a connection in: it is asked for what we lack, and told who is here."""
        self.connections[connection] = None
        self.use()
        connection.send(protocol.encode_step1(self._content.claimed()))
        if len(self._presence):
            self.tell_everyone(connection)
        connection.entered(self)

    def leave(self, connection: "Connection") -> None:
        """Take a connection out; the others see its cursor go."""
        if self._gathering is not None:
            self._gathering.let_go(connection)
        self.take_in()  # what it sent last was received
        if connection not in self.connections:
            return
        del self.connections[connection]
        self._reception.left(connection)
        connection.room = None
        connection.live = False
        self.use()
        if self._presence.leave(connection):
            self.presence_changed()

    # ---- messages ----

    def take_in(self) -> None:
        """Look at everything that was received."""
        if self._gathering is not None:
            self._gathering.take_in()

    async def quiesce(self) -> None:
        """Wait until everything received so far is committed, or never will be."""
        self.take_in()
        await self.pipeline.quiesce()

    def show(self, connection: "Connection", states: bytes) -> None:
        """Take what a connection says of itself. Raises `ProtocolError`."""
        if self._presence.update(connection, connection.person, decode_awareness(states)):
            self.presence_changed()

    def tell_everyone(self, connection: "Connection") -> None:
        """Tell a connection who is here, even when nobody is: clients ask this to see whether the connection lives."""
        connection.send_apart(protocol.encode_awareness_frame(self._presence.everyone() or NOBODY))

    # ---- memory ----

    def bring_in(self) -> None:
        """Begin to bring the document into memory, if that has not begun."""
        self._reception.bring_in()

    def read_again(self, stored: Stored) -> None:
        """Bring what is stored into memory, which is more than before when other servers wrote meanwhile."""
        if self.follower is None:
            self._content.load(stored.state)
        else:
            self.follower.renew(stored)

    def drop_content(self) -> None:
        """Forget the document's content while its sockets stay, and the next edit loads it again; or for good, when the room has ended."""
        if self.dead or not self.busy:
            self._content.drop()

    @property
    def busy(self) -> bool:
        """Whether something is on its way to the disk or to memory."""
        gathers = self._gathering is not None and self._gathering.waits
        return gathers or self._reception.busy or self.pipeline.busy

    @property
    def in_memory(self) -> bool:
        """Whether the document's content is in memory."""
        return self._content.in_memory

    # ---- what the pipeline asks ----

    def send_update(self, update: bytes, author: "Connection | None") -> None:
        """Send an update to everybody but its only author."""
        frame = protocol.encode_update(update)
        sent = 0
        for connection in tuple(self.connections):  # one that does not read is dropped
            if connection.live and connection is not author:
                connection.send(frame)
                sent += 1
        DELIVERIES.count += sent

    def moved(self) -> None:
        """Messages have gone on, and so may the rows of other servers."""
        if self.follower is not None:
            self.follower.pump()

    def stored(self, flight: Flight) -> None:
        """It is committed: other servers are to hear of it."""
        if self.follower is not None:
            self.follower.say_row(flight)

    def catch_up(self, seq: int) -> None:
        """A row of another server is stored under `seq`."""
        if self.follower is not None:
            self.follower.look(seq)

    def hold(self) -> None:
        """Something large of another server is being taken in: messages and commits wait until `let_go`."""
        self.pipeline.following = True  # before all else: a bulk that is in what waits must not begin now
        self.take_in()
        self._reception.hold()

    def let_go(self) -> None:
        """It is taken in."""
        self.pipeline.let_go()
        self._reception.let_go()

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run `work` as a task that the house owns."""
        self._around.spawn(work)

    def broken(self, reason: str, why: str) -> None:
        """End for good: `reason` is for people, `why` for the log. Who comes next gets a room made of what is stored."""
        log.error("room_discarded", document_id=self.document_id, why=why)
        self.discard(CloseCode.TRY_AGAIN_LATER, reason)
        self._around.on_broken(self)

    def discard(self, code: CloseCode, reason: str) -> None:
        """End the room: everybody is told, nothing more is taken, and what was not committed is not acknowledged."""
        if self.dead:
            return
        self.dead = True
        if self._gathering is not None:
            self._gathering.end()
        self._deleted = code is CloseCode.NOT_FOUND
        for connection in tuple(self.connections):
            try:
                connection.close(code, reason)
            except Exception:  # one that cannot be told must not keep the others from hearing of it
                log.exception("not_closed", document_id=self.document_id)
        if self._awareness_timer is not None:
            self._awareness_timer.cancel()
        if self.follower is not None:
            self.follower.end()
        self.pipeline.end(partial(self._ended, f"{reason[0].upper()}{reason[1:]}. Try again later."))

    def _ended(self, otherwise: str = "The document is being reloaded. Try again.") -> AppError:
        """What to tell somebody who wants something of a room that has ended."""
        return NotFoundError("The document was deleted meanwhile.") if self._deleted else UnavailableError(otherwise)

    # ---- the text ----

    def text(self) -> LiveText:
        """The committed text; only at a settled moment with the document in memory."""
        return self._content.text(self.position.shape, self.epoch)

    def body(self) -> str:
        """The committed text without its shape; only at a settled moment with the document in memory."""
        return self._content.body()

    async def caught_up(self) -> None:
        """Return when everything that any server has committed by now is here. Raises `UnavailableError`."""
        if self.follower is not None:
            await self.follower.caught_up()

    def noticed(self, progress: Progress) -> None:
        """How far the document is in the database, where other servers write, too."""
        if progress.text_seq > self.projected_seq:
            self.projected_seq = progress.text_seq
            self.position.projected(progress.text_seq, folded=False)
        if progress.seq > self.seq and self.follower is not None:
            self.follower.look(progress.seq)

    async def at_settled(self, look: Callable[[], T]) -> T:
        """What `look` sees at a moment when the document is in memory and exactly as committed.

        Raises `UnavailableError` when the room ends, `NotFoundError` when that is because the document was deleted.
        """
        found: asyncio.Future[T] = self._loop.create_future()

        self.pipeline.settling.when(partial(self._tell, found, look))
        return await found

    def _tell(self, found: "asyncio.Future[T]", look: Callable[[], T]) -> None:
        # No closure that waits for itself: it would keep what was found, megabytes, until the cycle collector comes.
        if found.done():
            return
        if self.dead:
            found.set_exception(self._ended())
        elif not self._content.in_memory:
            self.pipeline.settling.at_next(partial(self._tell, found, look))
            self.bring_in()
        else:
            try:
                found.set_result(look())
            except ReplicaError as error:
                found.set_exception(UnavailableError("The document cannot be read now. Try again."))
                self.broken(BROKEN, f"replica: {error}")

    async def replace(self, rewrite: Rewrite) -> LiveText:
        """Turn the text into what `rewrite` wants, committed and shown; see `LiveDocuments.replace`."""
        if self.dead:
            raise self._ended()
        self.pipeline.take_rewrite(rewrite)
        return await rewrite.done

    async def capture(self, *, fold: bool) -> Capture:
        """The document at one committed moment, with its whole state when its log is to be folded."""
        return await self.at_settled(partial(self._capture, fold=fold))

    def _capture(self, *, fold: bool) -> Capture:
        body = self._content.body()
        state = self._content.state_for(EMPTY_STATE_VECTOR) if fold else None
        return Capture(self.document_id, self.seq, state, self._content.state_vector(), body, self.text())

    def projected(self, capture: Capture) -> None:
        """`capture` is stored."""
        self.projected_seq = capture.seq
        self.position.projected(capture.seq, folded=capture.state is not None)

    # ---- awareness ----

    def presence_changed(self) -> None:
        """Somebody here is somewhere else now; told together with what else changes in the next moment."""
        if self._awareness_timer is None and not self.dead:
            self._awareness_timer = self._loop.call_later(AWARENESS_WINDOW, self._send_awareness)

    def _send_awareness(self) -> None:
        self._awareness_timer = None
        changes = self._presence.take_changes()
        if changes is not None:
            frame = protocol.encode_awareness_frame(changes)
            for connection in tuple(self.connections):
                connection.send(frame)
        if self.follower is not None:
            self.follower.say_people(self._presence.take_news())
