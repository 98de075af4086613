"""One document that people have open: its people, their messages, and what is held while the document comes into memory."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import structlog

from mdreader.features.collab import protocol
from mdreader.features.collab.awareness import decode_awareness, encode_awareness
from mdreader.features.collab.bulk import BULK_BYTES, BULK_PIECES, Bulk, Stage
from mdreader.features.collab.closing import CloseCode
from mdreader.features.collab.content import Content, TooLargeForRoomError, describe
from mdreader.features.collab.gate import Kind, check_state_vector
from mdreader.features.collab.log import LogWriter
from mdreader.features.collab.pipeline import BROKEN, Pipeline
from mdreader.features.collab.presence import Presence
from mdreader.features.collab.protocol import FrameKind
from mdreader.features.collab.replica import EMPTY_STATE_VECTOR, EMPTY_UPDATE, ReplicaError
from mdreader.features.collab.rewrite import Rewrite
from mdreader.features.collab.storage import Capture, Stored
from mdreader.features.collab.text import Shape
from mdreader.features.collab.varint import ProtocolError
from mdreader.features.collab.verdict import Verdict
from mdreader.kernel.errors import UnavailableError
from mdreader.kernel.metrics import DELIVERIES
from mdreader.ports.live import LiveText

if TYPE_CHECKING:
    from mdreader.features.collab.connection import Connection

log = structlog.get_logger(__name__)

T = TypeVar("T")

# Cursors are looked at, not read: what changes in this time is sent together. Seconds.
AWARENESS_WINDOW = 0.030
# Saved markers kept for a client that is behind; it asks again with the next one.
HELD_MARKERS = 64
NOBODY = encode_awareness([])


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a room needs of the house around it."""

    writer: LogWriter
    load: Callable[[str, "asyncio.Future[bytes]"], None]  # reads the stored state into the future
    spawn: Callable[[Coroutine[Any, Any, None]], None]
    on_broken: Callable[["Room"], None]
    max_document_bytes: int


class Room:
    """Created from what is stored; ends with `discard`, or with `on_broken(room)` by failure."""

    def __init__(self, stored: Stored, surroundings: Surroundings) -> None:
        self.document_id = stored.document_id
        self.epoch = stored.epoch
        self.connections: dict[Connection, None] = {}
        self.projected_seq = stored.text_seq
        self.dead = False
        self._around = surroundings
        self._content = Content(stored, surroundings.max_document_bytes)
        self.pipeline = Pipeline(self, stored, self._content, surroundings.writer)
        self._presence = Presence()
        self._loop = asyncio.get_running_loop()
        self._used_at = self._loop.time()
        self._loading: asyncio.Future[bytes] | None = None
        self._held: list[tuple[Connection, bytes]] | None = None
        self._awareness_timer: asyncio.TimerHandle | None = None
        self._text: tuple[tuple[int, Shape], LiveText] | None = None

    @property
    def people(self) -> int:
        """How many connections there are."""
        return len(self.connections)

    @property
    def seq(self) -> int:
        """The number of the newest committed log row."""
        return self.pipeline.seq

    @property
    def used_at(self) -> float:
        """Loop time at which somebody last came, left, wrote or read."""
        return max(self._used_at, self.pipeline.changed_at)

    def use(self) -> None:
        """Somebody has come for the room."""
        self._used_at = self._loop.time()

    # ---- people ----

    def join(self, connection: "Connection") -> None:
        """Let a connection in: it is asked for what we lack, and told who is here."""
        self.connections[connection] = None
        self.use()
        connection.send(protocol.encode_step1(self._content.claimed()))
        self._tell_everyone(connection)
        connection.entered(self)

    def leave(self, connection: "Connection") -> None:
        """Take a connection out; the others see its cursor go."""
        if connection not in self.connections:
            return
        del self.connections[connection]
        connection.room = None
        connection.live = False
        self.use()
        if self._presence.leave(connection):
            self._awareness_soon()

    def _tell_everyone(self, connection: "Connection") -> None:
        states = self._presence.everyone()
        if states is not None:
            connection.send(protocol.encode_awareness_frame(states))

    # ---- messages ----

    def receive(self, connection: "Connection", payload: bytes) -> None:
        """Take one message of a connection that has joined."""
        if self._held is not None:
            self._held.append((connection, payload))
            return
        try:
            frame = protocol.decode(payload)
            kind = frame.kind
            if kind is FrameKind.UPDATE or kind is FrameKind.STEP2:
                self._receive_update(connection, payload, frame.body, step2=kind is FrameKind.STEP2)
            elif kind is FrameKind.AWARENESS:
                if self._presence.update(connection, connection.person, decode_awareness(frame.body)):
                    self._awareness_soon()
            elif kind is FrameKind.SAVED_MARKER:
                self._receive_marker(connection, payload)
            elif kind is FrameKind.STEP1:
                self._receive_step1(connection, payload, frame.body)
            else:
                # Always an answer, even about nobody: clients ask this to see whether the connection lives.
                states = self._presence.everyone() or NOBODY
                connection.send(protocol.encode_awareness_frame(states))
        except ProtocolError as error:
            self._refuse(connection, error.code)
        except ReplicaError as error:
            self.broken(BROKEN, f"replica: {error}")

    def _refuse(self, connection: "Connection", code: str) -> None:
        log.warning("message_refused", code=code, document_id=self.document_id, user_id=connection.person.user_id)
        connection.close(CloseCode.REFUSED, code)

    def _receive_update(self, connection: "Connection", payload: bytes, update: bytes, *, step2: bool) -> None:
        if update == EMPTY_UPDATE:
            if step2:
                self._caught_up(connection)
            return
        if not connection.can_write:
            # A stock client that only reads still answers with the deletions it knows of; those are left, not punished.
            if not (step2 and update.startswith(b"\x00")):
                connection.close(CloseCode.FORBIDDEN, "you may read this document, not change it")
            return
        if not self._content.writable:
            self._hold(connection, payload)
        elif len(update) > BULK_BYTES:
            self._take_slowly(connection, payload, update, step2=step2)
        else:
            verdict = self._judge(connection, payload, update)
            if verdict is not None and verdict.size > BULK_PIECES:
                self._take_slowly(connection, payload, update, step2=step2)
            elif verdict is not None:
                self._take(connection, update, verdict, step2=step2)

    def _judge(self, connection: "Connection", payload: bytes, update: bytes) -> Verdict | None:
        """The gate's verdict, or None when the update would make the document too large, or waits until that can be told."""
        check = partial(self._content.check, update, connection.person.user_id)
        try:
            return check()
        except TooLargeForRoomError:
            if self.pipeline.unapplied:  # a deletion may be on its way
                self._held = [(connection, payload)]
                return None
            self._content.recount()
        try:
            return check()
        except TooLargeForRoomError:
            self._refuse_size(connection)
            return None

    async def _judge_bulk(self, bulk: Bulk) -> Verdict | None:
        check = partial(self._content.check, bulk.update, bulk.connection.person.user_id)
        try:
            return await asyncio.to_thread(check)
        except TooLargeForRoomError:
            self._content.recount()
        try:
            return await asyncio.to_thread(check)
        except TooLargeForRoomError:
            self._refuse_size(bulk.connection)
            return None

    def _refuse_size(self, connection: "Connection") -> None:
        connection.close(CloseCode.TOO_LARGE, f"a document holds at most {self._around.max_document_bytes} bytes")

    def _take(self, connection: "Connection", update: bytes, verdict: Verdict, *, step2: bool) -> None:
        if verdict.kind is Kind.GAP:
            self._ask_for_more(connection, step2=step2)
            return
        if verdict.kind is Kind.NEW:
            # The answer to a step 1 repeats every deletion the client knows of; only what is news is worth a row and a frame.
            self.pipeline.take(self._content.admit(update, verdict, reduce=step2), connection, verdict)
        if step2:
            self._caught_up(connection)

    def _take_slowly(self, connection: "Connection", payload: bytes, update: bytes, *, step2: bool) -> None:
        """Check a large update on a thread and apply it in parts, so that other rooms go on; this one holds its messages meanwhile."""
        if self.pipeline.bulk is not None:  # the last one is applied, but not on its way yet
            self._held = [(connection, payload)]
            return
        self._held = []
        bulk = Bulk(connection, update, step2=step2)
        self._around.spawn(self._take_bulk(bulk))
        self.pipeline.take_bulk(bulk)

    async def _take_bulk(self, bulk: Bulk) -> None:
        await bulk.turn
        try:
            verdict = None if self.dead else await self._judge_bulk(bulk)
            if verdict is not None and verdict.kind is Kind.NEW:
                news, pieces = await asyncio.to_thread(self._content.admit_in_pieces, bulk.update, verdict)
                for piece in pieces:
                    if self.dead:
                        return
                    self._content.apply(piece)
                    await bulk.breathe()
                self.pipeline.claim(verdict)
                bulk.news, bulk.stage = news, Stage.APPLIED
            elif verdict is not None and verdict.kind is Kind.GAP:
                self._ask_for_more(bulk.connection, step2=bulk.step2)
            if verdict is not None and verdict.kind is not Kind.GAP and bulk.step2:
                self._caught_up(bulk.connection)
        except ProtocolError as error:
            self._refuse(bulk.connection, error.code)
        except ReplicaError as error:
            self._refuse(bulk.connection, "refused")
            self.broken(BROKEN, f"replica: {error}")
        finally:
            if bulk.stage is not Stage.APPLIED:
                self.pipeline.bulk = None
            self._release()

    def _ask_for_more(self, connection: "Connection", *, step2: bool) -> None:
        if step2 and connection.behind:
            connection.close(CloseCode.EPOCH_CHANGED, "this copy does not fit the document")
            return
        connection.behind = True
        connection.send(protocol.encode_step1(self._content.claimed()))

    def _caught_up(self, connection: "Connection") -> None:
        if connection.behind:
            connection.behind = False
            markers, connection.held_markers = connection.held_markers or [], None
            for marker in markers:
                self.pipeline.when_stored(partial(connection.send, marker))

    def _receive_marker(self, connection: "Connection", payload: bytes) -> None:
        if connection.behind:
            connection.held_markers = [*(connection.held_markers or [])[-HELD_MARKERS + 1 :], payload]
        else:
            self.pipeline.when_stored(partial(connection.send, payload))

    def _receive_step1(self, connection: "Connection", payload: bytes, state_vector: bytes) -> None:
        check_state_vector(state_vector)
        if not self._content.in_memory:
            self._hold(connection, payload)
        else:
            self.pipeline.when_settled(partial(self._answer_step1, connection, state_vector))

    def _answer_step1(self, connection: "Connection", state_vector: bytes) -> None:
        """Send what the client lacks of the committed state; from here on it gets every commit."""
        if connection not in self.connections:
            return
        if not self._content.in_memory:  # dropped while the answer waited
            self._hold(connection, protocol.encode_step1(state_vector))
            return
        try:
            state = self._content.state_for(state_vector)
        except ReplicaError as error:  # here, because the answer may have waited for a commit that others wait for, too
            self.broken(BROKEN, f"replica: {error}")
            return
        connection.send_large(protocol.encode_step2(state))
        connection.live = True

    # ---- memory ----

    def _hold(self, connection: "Connection", payload: bytes) -> None:
        """Keep messages, in their order, until the document is in memory."""
        if self._held is None:
            self._held = []
        self._held.append((connection, payload))
        self.bring_in()

    def bring_in(self) -> None:
        """Begin to bring the document into memory, if that has not begun."""
        if self._loading is None:
            self._loading = self._loop.create_future()
            self._loading.add_done_callback(self._loaded)
            if self._content.stored is not None:
                self._loading.set_result(self._content.stored)
            else:
                self._around.load(self.document_id, self._loading)

    def _loaded(self, loading: "asyncio.Future[bytes]") -> None:
        self._loading = None
        error = loading.exception()
        if self.dead:
            return
        try:
            if error is not None:
                raise error
            self._content.load(loading.result())
        except Exception as caught:  # noqa: BLE001 - the database, or pycrdt: either way people must be told
            self.broken("the document cannot be loaded now", f"load: {type(caught).__name__}: {caught}")
            return
        self.use()
        self._release()

    def _release(self) -> None:
        """Go on with the messages that were held."""
        held, self._held = self._held or [], None
        for connection, payload in held:
            if connection in self.connections:
                self.receive(connection, payload)
        self.pipeline.flush_soon()
        self.pipeline.run_settled()

    def drop_content(self) -> None:
        """Forget the document's content while its sockets stay, and the next edit loads it again; or for good, when the room has ended."""
        if self.dead or not self.busy:
            self._content.drop()
            self._text = None

    @property
    def busy(self) -> bool:
        """Whether something is on its way to the disk or to memory."""
        return bool(self._loading or self._held is not None or self.pipeline.busy)

    @property
    def in_memory(self) -> bool:
        """Whether the document's content is in memory."""
        return self._content.in_memory

    # ---- what the pipeline asks ----

    def broadcast(self, update: bytes, author: "Connection | None") -> None:
        """Show a committed update to everybody but its only author."""
        frame = protocol.encode_update(update)
        peers = [connection for connection in self.connections if connection.live and connection is not author]
        for connection in peers:
            connection.send(frame)
        DELIVERIES.inc(len(peers))

    def moved_on(self) -> None:
        """A commit is done: messages that were held for it go on."""
        if self._held is not None and self.pipeline.bulk is None and self._loading is None:
            self._release()

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
        for connection in tuple(self.connections):
            connection.close(code, reason)
        if self._awareness_timer is not None:
            self._awareness_timer.cancel()
        self.pipeline.end(reason)

    # ---- the text ----

    def text(self) -> LiveText:
        """The committed text; only at a settled moment with the document in memory."""
        moment = (self.seq, self.pipeline.shape)
        if self._text is None or self._text[0] != moment:
            self._text = (moment, describe(self._content.body(), self.pipeline.shape, self.epoch))
        return self._text[1]

    def body(self) -> str:
        """The committed text without its shape; only at a settled moment with the document in memory."""
        return self._content.body()

    async def at_settled(self, look: Callable[[], T]) -> T:
        """What `look` sees at a moment when the document is in memory and exactly as committed. `UnavailableError` when the room ends."""
        found: asyncio.Future[T] = self._loop.create_future()

        self.pipeline.when_settled(partial(self._tell, found, look))
        return await found

    def _tell(self, found: "asyncio.Future[T]", look: Callable[[], T]) -> None:
        # No closure that waits for itself: it would keep what was found, megabytes, until the cycle collector comes.
        if found.done():
            return
        if self.dead:
            found.set_exception(UnavailableError("The document is being reloaded. Try again."))
        elif not self._content.in_memory:
            self.pipeline.at_next_settling(partial(self._tell, found, look))
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
            raise UnavailableError("The document is being reloaded. Try again.")
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
        self.pipeline.projected(capture.seq, folded=capture.state is not None)

    # ---- awareness ----

    def _awareness_soon(self) -> None:
        if self._awareness_timer is None and not self.dead:
            self._awareness_timer = self._loop.call_later(AWARENESS_WINDOW, self._send_awareness)

    def _send_awareness(self) -> None:
        self._awareness_timer = None
        changes = self._presence.take_changes()
        if changes is not None:
            frame = protocol.encode_awareness_frame(changes)
            for connection in tuple(self.connections):
                connection.send(frame)
