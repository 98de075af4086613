"""One document that people have open: what they send is checked, applied, committed, and only then shown and acknowledged.

The replica is the committed state, or, while a commit is in flight, that state and the batch in flight; it changes in `flush` alone.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import structlog

from mdreader.features.collab import protocol
from mdreader.features.collab.awareness import decode_awareness
from mdreader.features.collab.bulk import BULK_BYTES, BULK_PIECES, STRETCH, Bulk, Stage
from mdreader.features.collab.closing import CloseCode
from mdreader.features.collab.content import Content, TooLargeForRoomError, describe
from mdreader.features.collab.gate import Kind, check_state_vector
from mdreader.features.collab.log import Batch, LogWriter
from mdreader.features.collab.presence import Presence
from mdreader.features.collab.protocol import FrameKind
from mdreader.features.collab.replica import EMPTY_STATE_VECTOR, EMPTY_UPDATE, ReplicaError, merged
from mdreader.features.collab.rewrite import Rewrite
from mdreader.features.collab.storage import Capture, Stored
from mdreader.features.collab.text import Shape
from mdreader.features.collab.varint import ProtocolError
from mdreader.features.collab.verdict import Verdict
from mdreader.kernel.errors import UnavailableError
from mdreader.kernel.failpoints import hit
from mdreader.kernel.metrics import DELIVERIES, DELIVERY_LAG
from mdreader.ports.live import LiveText

if TYPE_CHECKING:
    from mdreader.features.collab.connection import Connection

log = structlog.get_logger(__name__)

T = TypeVar("T")

# Up to this many people a keystroke goes into the next commit; beyond, one frame carries what came in a window that grows with the
# people, because each keystroke costs as many system calls as there are people. Seconds.
FEW = 6
WINDOW = 0.010
WINDOW_PER_PERSON = 0.00035
LONGEST_WINDOW = 0.025
# Cursors are looked at, not read: what changes in this time is sent together.
AWARENESS_WINDOW = 0.030
# Saved markers kept for a client that is behind; it asks again with the next one.
HELD_MARKERS = 64
BROKEN = "the document is being reloaded"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a room needs of the house around it."""

    writer: LogWriter
    load: Callable[[str, "asyncio.Future[bytes]"], None]  # reads the stored state into the future
    spawn: Callable[[Coroutine[Any, Any, None]], None]
    on_broken: Callable[["Room"], None]
    max_document_bytes: int


@dataclass(slots=True)
class _Flight:
    """What is being committed."""

    started: float
    done: list[Callable[[], None]] = field(default_factory=list)
    data: bytes | None = None
    shape: Shape | None = None
    author: "Connection | None" = None  # the only one, or None for several
    rewrites: list[Rewrite] = field(default_factory=list)


class Room:
    """Created from what is stored; ends with `discard`, or with `on_broken(room)` by failure."""

    def __init__(self, stored: Stored, surroundings: Surroundings) -> None:
        self.document_id = stored.document_id
        self.epoch = stored.epoch
        self.shape = stored.shape
        self.seq = stored.seq
        self.log_rows = stored.log_rows
        self.connections: dict[Connection, None] = {}
        self.last_writer: str | None = None
        self.projected_seq = stored.text_seq
        self.changed_at = 0.0  # loop time of the last commit
        self.dirty_since = 0.0
        self.used_at = 0.0
        self.dead = False
        self._content = Content(stored, surroundings.max_document_bytes)
        self._presence = Presence()
        self._around = surroundings
        self._loop = asyncio.get_running_loop()
        self._loading: asyncio.Future[bytes] | None = None
        self._held: list[tuple[Connection, bytes]] | None = None
        self._incoming: list[tuple[bytes, Connection]] = []
        self._bulk: Bulk | None = None
        self._new_clients: dict[int, str] = {}
        self._rewrites: list[Rewrite] = []
        self._next_done: list[Callable[[], None]] = []
        self._settled: list[Callable[[], None]] = []
        self._flight: _Flight | None = None
        self._flush_timer: asyncio.TimerHandle | None = None
        self._awareness_timer: asyncio.TimerHandle | None = None
        self._last_flush = 0.0
        self._text: LiveText | None = None

    # ---- people ----

    def join(self, connection: "Connection") -> None:
        """Let a connection in: it is asked for what we lack, and told who is here."""
        self.connections[connection] = None
        self.used_at = self._loop.time()
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
        self.used_at = self._loop.time()
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
                self._tell_everyone(connection)
        except ProtocolError as error:
            self._refuse(connection, error.code)
        except ReplicaError as error:
            self._break(BROKEN, f"replica: {error}")

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
            if self._incoming or self._flight:  # a deletion may be on its way
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
            self._incoming.append((self._content.admit(update, verdict, reduce=step2), connection))
            self._claim(verdict)
            self._flush_soon()
        if step2:
            self._caught_up(connection)

    def _claim(self, verdict: Verdict) -> None:
        for client in verdict.new_clients:
            self._new_clients[client] = verdict.user

    def _take_slowly(self, connection: "Connection", payload: bytes, update: bytes, *, step2: bool) -> None:
        """Check a large update on a thread and apply it in parts, so that other rooms go on; this one holds its messages meanwhile."""
        if self._bulk is not None:  # the last one is applied, but not on its way yet
            self._held = [(connection, payload)]
            return
        self._held = []
        self._bulk = Bulk(connection, update, step2=step2)
        self._around.spawn(self._take_bulk(self._bulk))
        self._bulk_turn()

    def _bulk_turn(self) -> None:
        if self._bulk is not None and not (self._flight or self._incoming or self._rewrites):
            self._bulk.begin()

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
                self._claim(verdict)
                bulk.news, bulk.stage = news, Stage.APPLIED
            elif verdict is not None and verdict.kind is Kind.GAP:
                self._ask_for_more(bulk.connection, step2=bulk.step2)
            if verdict is not None and verdict.kind is not Kind.GAP and bulk.step2:
                self._caught_up(bulk.connection)
        except ProtocolError as error:
            self._refuse(bulk.connection, error.code)
        except ReplicaError as error:
            self._refuse(bulk.connection, "refused")
            self._break(BROKEN, f"replica: {error}")
        finally:
            if bulk.stage is not Stage.APPLIED:
                self._bulk = None
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
                self._when_stored(partial(connection.send, marker))

    def _receive_marker(self, connection: "Connection", payload: bytes) -> None:
        if connection.behind:
            connection.held_markers = [*(connection.held_markers or [])[-HELD_MARKERS + 1 :], payload]
        else:
            self._when_stored(partial(connection.send, payload))

    def _receive_step1(self, connection: "Connection", payload: bytes, state_vector: bytes) -> None:
        check_state_vector(state_vector)
        if not self._content.in_memory:
            self._hold(connection, payload)
        else:
            self._when_settled(partial(self._answer_step1, connection, state_vector))

    def _answer_step1(self, connection: "Connection", state_vector: bytes) -> None:
        """Send what the client lacks of the committed state; from here on it gets every commit."""
        if connection not in self.connections:
            return
        if not self._content.in_memory:  # dropped while the answer waited
            self._hold(connection, protocol.encode_step1(state_vector))
            return
        connection.send_large(protocol.encode_step2(self._content.state_for(state_vector)))
        connection.live = True

    # ---- memory ----

    def _hold(self, connection: "Connection", payload: bytes) -> None:
        """Keep messages, in their order, until the document is in memory."""
        if self._held is None:
            self._held = []
        self._held.append((connection, payload))
        self._bring_in()

    def _bring_in(self) -> None:
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
            self._break("the document cannot be loaded now", f"load: {type(caught).__name__}: {caught}")
            return
        self.used_at = self._loop.time()
        self._release()

    def _release(self) -> None:
        """Go on with the messages that were held."""
        held, self._held = self._held or [], None
        for connection, payload in held:
            if connection in self.connections:
                self.receive(connection, payload)
        self._flush_soon()
        self._run_settled()

    def drop_content(self) -> None:
        """Forget the document's content while its sockets stay; the next edit loads it again."""
        if not self.busy:
            self._content.drop()
            self._text = None

    @property
    def busy(self) -> bool:
        """Whether something is on its way to the disk or to memory."""
        waiting = self._incoming or self._rewrites or self._next_done or self._settled or self._held is not None
        return bool(self._flight or self._loading or self._bulk or waiting)

    @property
    def in_memory(self) -> bool:
        """Whether the document's content is in memory."""
        return self._content.in_memory

    # ---- the way to the disk ----

    def _when_stored(self, callback: Callable[[], None]) -> None:
        """Call when everything received so far is committed."""
        if self._incoming or self._rewrites or self._bulk:
            self._next_done.append(callback)
        elif self._flight is not None:
            self._flight.done.append(callback)
        else:
            callback()

    @property
    def _is_settled(self) -> bool:
        return self._flight is None and (self._bulk is None or self._bulk.stage is Stage.WAITING)

    def _when_settled(self, callback: Callable[[], None]) -> None:
        """Call at a moment when the replica is exactly the committed state."""
        if self._is_settled:
            callback()
        else:
            self._settled.append(callback)

    def _run_settled(self) -> None:
        if self._is_settled and not self.dead:
            callbacks, self._settled = self._settled, []
            for callback in callbacks:
                callback()

    def _flush_soon(self) -> None:
        if self._flush_timer is not None or self._flight is not None or self._loading is not None or self.dead:
            return
        people = len(self.connections)
        if people > FEW:
            now = self._loop.time()
            window = min(max(WINDOW, people * WINDOW_PER_PERSON), LONGEST_WINDOW)
            if now - self._last_flush < 4 * window:  # the first keystroke after a pause is sent on at once
                self._flush_timer = self._loop.call_later(window, self._flush_now)
                return
        self._around.writer.ready(self)

    def _flush_now(self) -> None:
        self._flush_timer = None
        self._around.writer.ready(self)

    def flush(self) -> Batch | None:  # noqa: C901 - one way through, told in one piece
        """Apply what came in and hand it to the log: the one place where the replica changes."""
        bulk = self._bulk if self._bulk is not None and self._bulk.stage is not Stage.WAITING else None
        if self.dead or self._flight is not None or (bulk is not None and bulk.stage is Stage.BUSY):
            return None
        if not (self._incoming or self._rewrites or self._next_done or bulk):
            return None
        if not self._content.writable:
            self._bring_in()
            return None
        flight = _Flight(self._loop.time())
        incoming, self._incoming = self._incoming, []
        rewrites, self._rewrites = self._rewrites, []
        authors = {connection for _, connection in incoming}
        made: list[bytes] = []
        if bulk is not None:
            self._bulk = None
            made.append(bulk.news)
            authors.add(bulk.connection)
        try:
            self._apply(incoming, made)
            for rewrite in rewrites:
                self._rewrite(rewrite, flight, made)
            flight.data = merged(made) if made else None
        except (ReplicaError, ProtocolError) as error:
            for connection in authors:
                connection.close(CloseCode.REFUSED, "the update cannot be applied")
            self._rewrites = rewrites
            self._break(BROKEN, f"replica: {error}")
            return None
        if not self._incoming:  # else not all of what they wait for is on its way
            flight.done, self._next_done = self._next_done, []
        self._last_flush = flight.started
        if len(authors) == 1 and not rewrites:
            flight.author = next(iter(authors))
        self._flight = flight
        if flight.data is None and flight.shape is None:
            self._committed()
            return None
        self._text = None
        new_clients, self._new_clients = self._new_clients, {}
        hit("room.applied")
        return Batch(
            self.document_id, self.seq + 1, flight.data, self._committed, self._failed, new_clients, flight.shape
        )

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
        change = rewrite.apply(self._content, flight.shape or self.shape, self.epoch)
        if change.update is not None:
            made.append(change.update)
        for client in change.new_clients:
            self._new_clients[client] = rewrite.owner
        flight.shape = change.shape or flight.shape
        flight.rewrites.append(rewrite)

    def _committed(self) -> None:
        flight = self._flight
        if flight is None or self.dead:
            return
        self._flight = None
        self.shape = flight.shape or self.shape
        if flight.data is not None or flight.shape is not None:
            self.changed_at = self.used_at = self._loop.time()
            self.dirty_since = self.dirty_since or self.changed_at
        if flight.data is not None:
            self.seq += 1
            self.log_rows += 1
            hit("room.before_broadcast")
            self._broadcast(protocol.encode_update(flight.data), flight.author)
            hit("room.before_acknowledgement")
            DELIVERY_LAG.observe(self._loop.time() - flight.started)
        if flight.author is not None:
            self.last_writer = flight.author.person.user_id
        for callback in flight.done:
            callback()
        for rewrite in flight.rewrites:
            rewrite.settle()
            self.last_writer = rewrite.user_id
        hit("room.acknowledged")
        self._run_settled()
        self._bulk_turn()
        if self._held is not None and self._bulk is None and self._loading is None:
            self._release()
        elif self._incoming or self._rewrites or self._next_done:
            self._flush_soon()

    def _broadcast(self, frame: bytes, author: "Connection | None") -> None:
        peers = [connection for connection in self.connections if connection.live and connection is not author]
        for connection in peers:
            connection.send(frame)
        DELIVERIES.inc(len(peers))

    def _failed(self, error: Exception) -> None:
        if not self.dead:
            full = "full" in str(error) or "No space" in str(error)
            reason = "not saved: the server's disk is full" if full else "not saved: the server cannot store it now"
            self._break(reason, f"commit: {type(error).__name__}: {error}")

    def _break(self, reason: str, why: str) -> None:
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
        for timer in (self._flush_timer, self._awareness_timer):
            if timer is not None:
                timer.cancel()
        for rewrite in [*(self._flight.rewrites if self._flight else ()), *self._rewrites]:
            rewrite.fail(UnavailableError(f"{reason[0].upper()}{reason[1:]}. Try again later."))
        if self._bulk is not None:
            self._bulk.begin()
        callbacks, self._settled = self._settled, []
        for callback in callbacks:
            callback()  # each looks at `dead` itself

    # ---- the text ----

    def text(self) -> LiveText:
        """The committed text; only at a settled moment with the document in memory."""
        if self._text is None:
            self._text = describe(self._content.body(), self.shape, self.epoch)
        return self._text

    def body(self) -> str:
        """The committed text without its shape; only at a settled moment with the document in memory."""
        return self._content.body()

    async def at_settled(self, look: Callable[[], T]) -> T:
        """What `look` sees at a moment when the document is in memory and exactly as committed. `UnavailableError` when the room ends."""
        found: asyncio.Future[T] = self._loop.create_future()

        def tell() -> None:
            if found.done():
                return
            if self.dead:
                found.set_exception(UnavailableError("The document is being reloaded. Try again."))
            elif not self._content.in_memory:
                self._settled.append(tell)
                self._bring_in()
            else:
                try:
                    found.set_result(look())
                except ReplicaError as error:
                    found.set_exception(UnavailableError("The document cannot be read now. Try again."))
                    self._break(BROKEN, f"replica: {error}")

        self._when_settled(tell)
        return await found

    async def replace(self, rewrite: Rewrite) -> LiveText:
        """Turn the text into what `rewrite` wants, committed and shown; see `LiveDocuments.replace`."""
        if self.dead:
            raise UnavailableError("The document is being reloaded. Try again.")
        self._rewrites.append(rewrite)
        self._flush_soon()
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
        if capture.state is not None:
            self.log_rows = self.seq - capture.seq
        self.dirty_since = 0.0 if capture.seq == self.seq else self.changed_at

    async def quiesce(self) -> None:
        """Wait until everything received so far is committed."""
        done: asyncio.Future[None] = self._loop.create_future()
        if not self.dead:
            self._when_stored(partial(_resolve, done))
            await done

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


def _resolve(done: "asyncio.Future[None]") -> None:
    if not done.done():
        done.set_result(None)
