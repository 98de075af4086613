"""One document that people have open: what they send is checked, applied, committed, and only then shown and acknowledged.

The replica is the committed state, or, while a commit is in flight, that state and the batch in flight; it changes in `flush` alone.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import structlog

from mdreader.features.collab import protocol
from mdreader.features.collab.awareness import decode_awareness
from mdreader.features.collab.closing import CloseCode
from mdreader.features.collab.diff import edits_between
from mdreader.features.collab.gate import Gate, Kind, check_state_vector
from mdreader.features.collab.log import Batch, LogWriter
from mdreader.features.collab.presence import Presence
from mdreader.features.collab.protocol import FrameKind
from mdreader.features.collab.replica import EMPTY_STATE_VECTOR, EMPTY_UPDATE, Replica, ReplicaError, difference, merged
from mdreader.features.collab.storage import Capture, Stored
from mdreader.features.collab.text import Shape, compose, decompose, etag_of
from mdreader.features.collab.varint import ProtocolError
from mdreader.kernel.errors import AppError, PreconditionFailedError, UnavailableError
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
# Awareness of WINDOW is sent together; cursors are looked at, not read.
AWARENESS_WINDOW = 0.030
# A client that was asked this often for what it builds on, in vain, has a broken copy.
MAX_RESYNCS = 3
SERVER = "server"  # owner of the client ids under which the server itself writes


@dataclass(slots=True)
class _Write:
    """A text that is to replace the live one."""

    exact: str
    expected_etag: str | None
    done: asyncio.Future[LiveText]


@dataclass(slots=True)
class _Flight:
    """What is being committed."""

    data: bytes | None
    author: "Connection | None"  # the only one, or None for several
    shape: Shape | None
    started: float
    done: list[Callable[[], None]] = field(default_factory=list)
    writes: list[tuple[_Write, LiveText]] = field(default_factory=list)


class Room:
    """Created from what is stored; ends with `discard`, or with `on_broken(room)` by failure."""

    def __init__(
        self,
        stored: Stored,
        writer: LogWriter,
        load: Callable[[str, "asyncio.Future[bytes]"], None],
        max_document_bytes: int,
        on_broken: Callable[["Room"], None],
    ) -> None:
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
        self._presence = Presence()
        self._gate = Gate(stored.clocks, stored.owners, read_state=self._read_state if stored.seq else None)
        self._replica: Replica | None = None
        self._stored: bytes | None = stored.state
        self._loading: asyncio.Future[bytes] | None = None
        self._load = load
        self._held: list[tuple[Connection, bytes]] | None = None
        self._max_bytes = max_document_bytes
        self._size_bound = 0
        self._writer = writer
        self._on_broken = on_broken
        self._loop = asyncio.get_running_loop()
        self._incoming: list[tuple[bytes, Connection, bool]] = []
        self._new_clients: dict[int, str] = {}
        self._writes: list[_Write] = []
        self._next_done: list[Callable[[], None]] = []
        self._settled: list[Callable[[], None]] = []
        self._flight: _Flight | None = None
        self._flush_timer: asyncio.TimerHandle | None = None
        self._awareness_timer: asyncio.TimerHandle | None = None
        self._last_flush = 0.0
        self._text: LiveText | None = None
        self._full_state: bytes | None = None

    # ---- people ----

    def join(self, connection: "Connection") -> None:
        """Let a connection in: it is asked for what we lack, and told who is here."""
        self.connections[connection] = None
        self.used_at = self._loop.time()
        connection.send(protocol.encode_step1(self._gate.state_vector()))
        self._tell_everyone(connection)
        connection.entered(self)

    def leave(self, connection: "Connection") -> None:
        """Take a connection out; the others see its cursor go."""
        if self.connections.pop(connection, self) is self:
            return
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
            log.warning("message_refused", code=error.code, document_id=self.document_id, user_id=connection.person.user_id)
            connection.close(CloseCode.REFUSED, error.code)
        except ReplicaError as error:
            self._break(CloseCode.TRY_AGAIN_LATER, "the document is being reloaded", f"replica: {error}")

    def _receive_update(self, connection: "Connection", payload: bytes, update: bytes, *, step2: bool) -> None:
        if update == EMPTY_UPDATE:
            if step2:
                self._caught_up(connection)
            return
        if not connection.can_write:
            if step2 and update.startswith(b"\x00"):
                # A stock client that only reads still answers with the deletions it knows of; they are not taken.
                return
            connection.close(CloseCode.FORBIDDEN, "you may read this document, not change it")
            return
        if self._replica is None:
            self._hold(connection, payload)
            return
        verdict = self._gate.check(update, connection.person.user_id)
        if verdict.kind is Kind.GAP:
            self._ask_for_more(connection, step2=step2)
            return
        if verdict.kind is Kind.NEW:
            if verdict.added_bytes and self._size_bound + verdict.added_bytes > self._max_bytes:
                self._size_bound = self._replica.size() + sum(len(u) for u, _, _ in self._incoming)
                if self._size_bound + verdict.added_bytes > self._max_bytes:
                    connection.close(CloseCode.TOO_LARGE, f"a document holds at most {self._max_bytes} bytes")
                    return
            self._size_bound += verdict.added_bytes
            self._gate.commit(verdict)
            for client in verdict.new_clients:
                self._new_clients[client] = verdict.user
            self._incoming.append((update, connection, step2))
            self._flush_soon()
        if step2:
            self._caught_up(connection)

    def _ask_for_more(self, connection: "Connection", *, step2: bool) -> None:
        if step2 and connection.behind:
            connection.close(CloseCode.EPOCH_CHANGED, "this copy does not fit the document")
            return
        connection.behind = True
        connection.send(protocol.encode_step1(self._gate.state_vector()))

    def _caught_up(self, connection: "Connection") -> None:
        if connection.behind:
            connection.behind = False
            markers, connection.held_markers = connection.held_markers or [], None
            for marker in markers:
                self._when_stored(partial(connection.send, marker))

    def _receive_marker(self, connection: "Connection", payload: bytes) -> None:
        if connection.behind:
            connection.held_markers = [*(connection.held_markers or [])[-63:], payload]
        else:
            self._when_stored(partial(connection.send, payload))

    def _receive_step1(self, connection: "Connection", payload: bytes, state_vector: bytes) -> None:
        check_state_vector(state_vector)
        if self._replica is None and self._stored is None:
            self._hold(connection, payload)
            return
        self._when_settled(partial(self._answer_step1, connection, state_vector))

    def _answer_step1(self, connection: "Connection", state_vector: bytes) -> None:
        """Send what the client lacks of the committed state; from here on it gets every commit."""
        if connection not in self.connections:
            return
        if self._replica is None and self._stored is None:  # dropped from memory while the answer waited
            self._hold(connection, protocol.encode_step1(state_vector))
            return
        connection.send_large(protocol.encode_step2(self._state_for(state_vector)))
        connection.live = True

    def _state_for(self, state_vector: bytes) -> bytes:
        if state_vector != EMPTY_STATE_VECTOR:
            return self._replica.state(state_vector) if self._replica else difference(self._stored or EMPTY_UPDATE, state_vector)
        if self._replica is None:
            return self._stored or EMPTY_UPDATE
        if self._full_state is None:
            self._full_state = self._replica.state()
        return self._full_state

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
            if self._stored is not None:
                self._loading.set_result(self._stored)
            else:
                self._load(self.document_id, self._loading)
            self._loading.add_done_callback(self._loaded)

    def _loaded(self, loading: "asyncio.Future[bytes]") -> None:
        self._loading = None
        if self.dead:
            loading.cancelled() or loading.exception()
            return
        try:
            self._replicate(loading.result())
        except (Exception, asyncio.CancelledError) as error:
            self._break(CloseCode.TRY_AGAIN_LATER, "the document could not be loaded", f"load: {type(error).__name__}: {error}")
            return
        self.used_at = self._loop.time()
        held, self._held = self._held or [], None
        for connection, payload in held:
            if connection in self.connections:
                self.receive(connection, payload)
        self._flush_soon()
        self._run_settled()

    def _replicate(self, state: bytes | None) -> Replica:
        if self._replica is None:
            self._replica = Replica(state)
            self._stored = None
            self._size_bound = self._replica.size()
        return self._replica

    def drop_replica(self) -> None:
        """Forget the document's content while its sockets stay; the next edit loads it again."""
        if self.busy:
            return
        self._replica = self._stored = self._full_state = self._text = None
        self._gate = Gate(self._gate.clocks, self._gate.owners, read_state=self._read_state)

    @property
    def busy(self) -> bool:
        """Whether something is on its way to the disk or to memory."""
        return bool(self._flight or self._incoming or self._writes or self._next_done or self._settled or self._loading or self._held)

    @property
    def in_memory(self) -> bool:
        """Whether the document's content is in memory."""
        return self._replica is not None or self._stored is not None

    def _read_state(self, state_vector: bytes | None) -> bytes:
        if self._replica is None:
            raise ReplicaError("not loaded")
        return self._replica.state(state_vector or EMPTY_STATE_VECTOR)

    # ---- the way to the disk ----

    def _when_stored(self, callback: Callable[[], None]) -> None:
        """Call when everything received so far is committed."""
        if self._incoming or self._writes:
            self._next_done.append(callback)
        elif self._flight is not None:
            self._flight.done.append(callback)
        else:
            callback()

    def _when_settled(self, callback: Callable[[], None]) -> None:
        """Call at a moment when the replica is exactly the committed state."""
        if self._flight is None:
            callback()
        else:
            self._settled.append(callback)

    def _run_settled(self) -> None:
        if self._flight is None and not self.dead:
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
        self._writer.ready(self)

    def _flush_now(self) -> None:
        self._flush_timer = None
        self._writer.ready(self)

    def flush(self) -> Batch | None:
        """Apply what came in and hand it to the log: the one place where the replica changes."""
        if self.dead or self._flight is not None or not (self._incoming or self._writes or self._next_done):
            return None
        if self._replica is None:
            self._bring_in()
            return None
        incoming, self._incoming = self._incoming, []
        writes, self._writes = self._writes, []
        flight = _Flight(None, None, None, self._loop.time(), self._next_done)
        self._next_done = []
        authors = {connection for _, connection, _ in incoming}
        try:
            made = self._apply(self._replica, incoming)
            for write in writes:
                self._replace(self._replica, write, flight, made)
            flight.data = merged(made) if made else None
        except (ReplicaError, ProtocolError) as error:
            for connection in authors:
                connection.close(CloseCode.REFUSED, "the update cannot be applied")
            self._writes = writes
            self._break(CloseCode.TRY_AGAIN_LATER, "the document is being reloaded", f"replica: {error}")
            return None
        self._last_flush = flight.started
        if len(authors) == 1 and not writes:
            flight.author = next(iter(authors))
        self._flight = flight
        if flight.data is None and flight.shape is None:
            self._committed()
            return None
        self._full_state = self._text = None
        new_clients, self._new_clients = self._new_clients, {}
        return Batch(self.document_id, self.seq + 1, flight.data, self._committed, self._failed, new_clients, flight.shape)

    @staticmethod
    def _apply(replica: Replica, incoming: "list[tuple[bytes, Connection, bool]]") -> list[bytes]:
        """Apply updates in their order; gives what is to be stored and shown."""
        if not any(step2 for _, _, step2 in incoming):
            if not incoming:
                return []
            update = merged([update for update, _, _ in incoming])
            replica.apply(update)
            return [update]
        made = []
        for update, _, step2 in incoming:
            if step2:
                # It repeats every deletion the client knows of; only what is news goes on.
                made += replica.apply_news(update)
            else:
                replica.apply(update)
                made.append(update)
        return made

    def _committed(self) -> None:
        flight = self._flight
        if flight is None or self.dead:
            return
        self._flight = None
        now = self._loop.time()
        if flight.shape is not None:
            self.shape = flight.shape
        if flight.data is not None:
            self.seq += 1
            self.log_rows += 1
        if flight.data is not None or flight.shape is not None:
            self.changed_at = self.used_at = now
            self.dirty_since = self.dirty_since or now
        if flight.data is not None:
            frame = protocol.encode_update(flight.data)
            peers = [c for c in self.connections if c.live and c is not flight.author]
            for connection in peers:
                connection.send(frame)
            DELIVERIES.inc(len(peers))
            if flight.author is not None:
                self.last_writer = flight.author.person.user_id
            DELIVERY_LAG.observe(self._loop.time() - flight.started)
        for callback in flight.done:
            callback()
        for write, text in flight.writes:
            if not write.done.done():
                write.done.set_result(text)
        self._run_settled()
        if self._incoming or self._writes or self._next_done:
            self._flush_soon()

    def _failed(self, error: Exception) -> None:
        if not self.dead:
            full = "full" in str(error)
            reason = "not saved: the server's disk is full" if full else "not saved: the server cannot store it now"
            self._break(CloseCode.TRY_AGAIN_LATER, reason, f"commit: {type(error).__name__}: {error}")

    def _break(self, code: CloseCode, reason: str, why: str) -> None:
        log.error("room_discarded", document_id=self.document_id, why=why)
        self.discard(code, reason)
        self._on_broken(self)

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
        pending = [write for write, _ in self._flight.writes] if self._flight else []
        for write in [*pending, *self._writes]:
            if not write.done.done():
                write.done.set_exception(UnavailableError(f"{reason[0].upper()}{reason[1:]}. Try again later."))
        settled, self._settled = self._settled, []
        for callback in settled:
            callback()  # each looks at `dead` itself
        self._replica = self._stored = None

    # ---- the text ----

    def text(self) -> LiveText:
        """The committed text; only at a settled moment with the document in memory."""
        if self._text is None:
            self._text = self._describe(self._replicate(self._stored).text(), self.shape)
        return self._text

    def _describe(self, body: str, shape: Shape) -> LiveText:
        exact = compose(body, shape)
        data = exact.encode()
        return LiveText(exact, etag_of(data), len(data), shape.eol, self.epoch)

    async def at_settled(self, look: Callable[[], T]) -> T:
        """What `look` sees at a moment when the document is in memory and exactly as committed. `UnavailableError` when the room ends."""
        found: asyncio.Future[T] = self._loop.create_future()

        def tell() -> None:
            if found.done():
                return
            if self.dead:
                found.set_exception(UnavailableError("The document is being reloaded. Try again."))
            elif not self.in_memory:
                self._settled.append(tell)
                self._bring_in()
            else:
                try:
                    found.set_result(look())
                except ReplicaError as error:
                    found.set_exception(UnavailableError("The document cannot be read now. Try again."))
                    self._break(CloseCode.TRY_AGAIN_LATER, "the document is being reloaded", f"replica: {error}")

        self._when_settled(tell)
        return await found

    async def replace(self, exact: str, expected_etag: str | None, user_id: str) -> LiveText:
        """Turn the text into `exact`; see `LiveDocuments.replace`."""
        write = _Write(exact, expected_etag, self._loop.create_future())
        self._writes.append(write)
        self._flush_soon()
        text = await write.done
        self.last_writer = user_id
        return text

    def _replace(self, replica: Replica, write: _Write, flight: _Flight, made: list[bytes]) -> None:
        body = replica.text()
        shape = flight.shape or self.shape
        current = self._describe(body, shape)
        try:
            if write.expected_etag is not None and write.expected_etag != current.etag:
                raise PreconditionFailedError(
                    "The document has changed since you read it. Read it again, apply your change to it, and send it with the new ETag.",
                    headers={"ETag": f'"{current.etag}"'},
                )
            new_body, new_shape = decompose(write.exact)
        except AppError as error:
            # Told only once what it was compared with is on the disk.
            flight.done.append(partial(_refuse, write.done, error))
            return
        edits = edits_between(body, new_body)
        if edits:
            update = replica.edit(edits)
            verdict = self._gate.check(update, SERVER)
            self._gate.commit(verdict)
            for client in verdict.new_clients:
                self._new_clients[client] = SERVER
            made.append(update)
            self._size_bound = replica.size()
        if new_shape != shape:
            flight.shape = new_shape
        flight.writes.append((write, self._describe(new_body, new_shape) if edits or new_shape != shape else current))

    async def capture(self, *, fold: bool) -> Capture:
        """The document at one committed moment, with its whole state when its log is to be folded."""
        return await self.at_settled(partial(self._capture, fold=fold))

    def _capture(self, *, fold: bool) -> Capture:
        replica = self._replicate(self._stored)
        state = self._state_for(EMPTY_STATE_VECTOR) if fold else None
        return Capture(self.document_id, self.seq, state, replica.state_vector(), replica.text(), self.text())

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
            self._when_stored(lambda: done.done() or done.set_result(None))
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


def _refuse(done: "asyncio.Future[LiveText]", error: AppError) -> None:
    if not done.done():
        done.set_exception(error)
