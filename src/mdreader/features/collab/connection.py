"""One socket: frames in, frames out, and the limits of both."""

from collections import deque
from collections.abc import Callable, Coroutine
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

import structlog
from picows import WSCloseCode, WSFrame, WSListener, WSMsgType, WSTransport

from mdreader.features.collab.budget import SHARE, Budget
from mdreader.features.collab.closing import CloseCode
from mdreader.features.collab.presence import Person
from mdreader.kernel.actor import Actor
from mdreader.kernel.metrics import REFUSED

if TYPE_CHECKING:
    from mdreader.features.collab.room import Room
    from mdreader.features.collab.rooms import Rooms

log = structlog.get_logger(__name__)

# Bytes that may wait for a reader. Over it the connection is dropped; the client comes back and resyncs by state vector.
WRITE_LIMIT = 256 * 1024
# Frames and bytes kept while a room is being loaded for a connection.
BACKLOG_FRAMES = 512
# Frames a client may send at once, and each second after that: messages, their fragments, pings. What a client kept while it was offline
# comes as one message. A large frame counts as several, see `Rooms.bytes_a_frame`. How long a burst may hold up the others is for `budget`
# to say.
BURST = 3000
RATE = 600
# Frames that are still read after the farewell; they are counted as before.
FRAMES_AFTER_FAREWELL = 100.0

# picows copies what is sent into a buffer of each socket's own, which has place for so many bytes, grows for what has up to `COPIED`, and
# then stays as large as long as the socket is there. `send_apart` gives it what lies between with place in front for the frame's header.
KEPT: Final = 1000
COPIED: Final = 8192
HEADER: Final = 14
_HEADER: Final = bytearray(HEADER)

_NOBODY: Final = Person("", "")

Receive = Callable[["Connection", bytes], None]

# To ask the enum each time costs as much as reading the frame.
_BINARY: Final = WSMsgType.BINARY
_CLOSE: Final = WSMsgType.CLOSE


class Connection(WSListener):
    """A client in, or on its way into, a room. All methods run on the event loop."""

    __slots__ = (
        "_allowance",
        "_allowance_at",
        "_backlog",
        "_backlog_bytes",
        "_budget",
        "_bytes_a_frame",
        "_fragments",
        "_fragments_bytes",
        "_rooms",
        "_write_limit",
        "actor",
        "awaiting_pong",
        "behind",
        "can_write",
        "document_id",
        "held_markers",
        "live",
        "on_open",
        "person",
        "put_off",
        "room",
        "transport",
        "workspace_id",
    )

    def __init__(self, rooms: "Rooms", document_id: str) -> None:
        self._rooms = rooms
        self.document_id = document_id
        self.workspace_id = ""
        self.actor: Actor | None = None
        self.on_open: Callable[[], Coroutine[Any, Any, None]] | None = None  # checks the token and finds the room
        self.person = _NOBODY
        self.can_write = False
        self.room: Room | None = None
        self.transport: WSTransport | None = None
        self.live = False  # has the document: gets every later commit
        self.behind = False  # sent something that builds on what we lack; until it has sent the rest nothing of it is acknowledged
        self.held_markers: list[bytes] | None = None
        self.awaiting_pong = False
        self._backlog: deque[bytes] | None = deque()
        self._backlog_bytes = 0
        self._fragments: list[bytes] | None = None
        self._fragments_bytes = 0
        self._write_limit = WRITE_LIMIT
        self._bytes_a_frame = rooms.bytes_a_frame
        self._allowance = float(BURST)
        self._allowance_at = rooms.time()
        self._budget = Budget(rooms.crowd)  # of its own until it is known whose it is
        # Frames that came while the person's time was used up, and nothing is read from the socket; None when there are none.
        self.put_off: deque[tuple[WSMsgType, bool, bytes]] | None = None

    @property
    def is_open(self) -> bool:
        """Whether the socket is there and no farewell was sent."""
        return self.transport is not None and not self.transport.is_close_frame_sent

    @property
    def may_wait(self) -> bool:
        """Whether nothing but keystrokes is expected of it, so that its socket need not be read at once."""
        return self.is_open and self.put_off is None

    @property
    def max_frame_bytes(self) -> int:
        """The largest message that is taken."""
        return self._rooms.max_frame_bytes

    def belongs_to(self, actor: Actor) -> None:
        """It is known now who opened it."""
        self.actor = actor
        self.person = Person(actor.user_id, actor.name)
        self._budget = self._rooms.budget_of(actor.user_id)

    # ---- picows callbacks ----

    def on_ws_connected(self, transport: WSTransport) -> None:
        """The handshake is done; the token is checked and the room loaded while frames wait."""
        self.transport = transport
        self._rooms.opened(self)
        if self.on_open is not None:
            self._rooms.spawn(self.on_open())
            self.on_open = None

    def on_ws_disconnected(self, _transport: WSTransport) -> None:
        """The socket is gone."""
        self.transport = None
        self._backlog = self.put_off = None
        self._rooms.closed(self)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Take one WebSocket frame; whole messages go on."""
        self.awaiting_pong = False
        kind = frame.msg_type
        if kind == _CLOSE and not self.put_off:
            self._bye(transport)
            return
        self._allowance -= 1 + frame.payload_size // self._bytes_a_frame
        if (
            transport.is_close_frame_sent
        ):  # a farewell was said: what still comes must not be kept, nor be read for long
            if self._allowance < 0:
                self._pause_reading(transport)
        elif self._allowance < 0 and not self._refill():
            self.close(CloseCode.TOO_MANY_MESSAGES, "too many messages")
        elif self.put_off is not None:
            self.put_off.append((kind, bool(frame.fin), frame.get_payload_as_bytes()))
        else:
            budget = self._budget
            clock = budget.clock
            started = clock()
            room = self.room
            if room is not None and kind == _BINARY and frame.fin and self._fragments is None:  # nearly always
                room.receive(self, frame.get_payload_as_bytes())
            else:
                self._frame(kind, frame.get_payload_as_bytes(), last=bool(frame.fin))
            ended = clock()
            wait = budget.spend(ended - started, ended if clock is perf_counter else perf_counter())
            if wait and self.is_open:
                self.put_off = deque()
                self._pause_reading(transport)
                self._rooms.later(wait, self._go_on)

    @staticmethod
    def _pause_reading(transport: WSTransport) -> None:
        if not transport.underlying_transport.is_closing():
            transport.underlying_transport.pause_reading()

    def _resume_reading(self) -> None:
        self.put_off = None
        if self.transport is not None and not self.transport.underlying_transport.is_closing():
            self.transport.underlying_transport.resume_reading()

    def _go_on(self) -> None:
        """Take what was put off, for another slice of time; then read on."""
        put_off = self.put_off
        if put_off is None:
            return
        budget, now = self._budget, perf_counter()
        wait = budget.wait(now)
        while put_off and not wait and self.is_open:
            clock = budget.clock
            started = clock()
            kind, last, payload = put_off.popleft()
            self._frame(kind, payload, last=last)
            wait = budget.spend(clock() - started, now)
        if wait and self.is_open:
            self._rooms.later(wait, self._go_on)
        else:
            self._resume_reading()

    # ---- in ----

    def _frame(self, kind: WSMsgType, payload: bytes, *, last: bool) -> None:
        if kind == _BINARY and last and self._fragments is None:
            self._message(payload)
        elif kind in (WSMsgType.BINARY, WSMsgType.CONTINUATION):
            self._fragment(payload, first=kind == WSMsgType.BINARY, last=last)
        elif kind == WSMsgType.PING:
            self.send(payload, WSMsgType.PONG)  # picows' own answer knows no limit
        elif kind == WSMsgType.TEXT:
            self.close(CloseCode.UNSUPPORTED_DATA, "binary frames only")
        elif kind == WSMsgType.CLOSE and self.transport is not None:
            self._bye(self.transport)

    @staticmethod
    def _bye(transport: WSTransport) -> None:
        transport.send_close(WSCloseCode.OK)
        transport.disconnect()

    def _fragment(self, payload: bytes, *, first: bool, last: bool) -> None:
        if first == (self._fragments is not None):
            self.close(CloseCode.REFUSED, "fragments out of order")
            return
        if self._fragments is None:
            self._fragments, self._fragments_bytes = [], 0
        self._fragments.append(payload)
        # An empty fragment costs memory too.
        self._fragments_bytes += len(payload) + 64
        if self._fragments_bytes > self._rooms.max_frame_bytes:
            self.close(CloseCode.FRAME_TOO_BIG, "the message is too big")
        elif last:
            message, self._fragments = b"".join(self._fragments), None
            self._message(message)

    def _message(self, payload: bytes) -> None:
        room = self.room
        if room is not None and self._backlog is None:
            room.receive(self, payload)
            return
        if self._backlog is None:
            return
        self._backlog.append(payload)
        self._backlog_bytes += len(payload)
        if len(self._backlog) > BACKLOG_FRAMES or self._backlog_bytes > self._rooms.max_frame_bytes:
            self.close(CloseCode.TOO_MANY_MESSAGES, "too many messages before the document was open")

    def take_late(self, payload: bytes, receive: Receive, gap: float = 0.0) -> None:
        """Have the room's `receive` take a message that waited there; it counts as one that comes now, `gap` seconds after the one before.

        Not `room.receive`: what has waited must not wait again behind what came later.
        """
        budget = self._budget
        clock = budget.clock
        started = clock()
        if self.room is not None:
            receive(self, payload)
        budget.spend(max(0.0, clock() - started - SHARE * gap), perf_counter())

    def _refill(self) -> bool:
        now = self._rooms.time()
        self._allowance = min(float(BURST), self._allowance + (now - self._allowance_at) * RATE)
        self._allowance_at = now
        return self._allowance >= 0

    def entered(self, room: "Room") -> None:
        """The room is open to this connection: hand over what waited."""
        self.room = room
        backlog, self._backlog = self._backlog, None
        self._backlog_bytes = 0
        if backlog and self.transport is not None:
            self.put_off = deque((WSMsgType.BINARY, True, payload) for payload in backlog)
            self._pause_reading(self.transport)
            self._go_on()

    # ---- out ----

    def send(self, payload: bytes, kind: WSMsgType = _BINARY) -> None:
        """Send one message, or drop the connection when it does not read."""
        transport = self.transport
        if transport is None:
            return
        if transport.underlying_transport.get_write_buffer_size() > self._write_limit:
            self.drop("slow_reader")
            return
        transport.send(kind, payload)

    def send_apart(self, payload: bytes) -> None:
        """As `send`, for what is sent once and may be large: leaves nothing of its size behind."""
        transport = self.transport
        if transport is None or not KEPT < len(payload) <= COPIED:
            self.send(payload)
        elif transport.underlying_transport.get_write_buffer_size() > self._write_limit:
            self.drop("slow_reader")
        else:
            transport.send_reuse_external_bytearray(_BINARY, _HEADER + payload, HEADER)

    def send_large(self, payload: bytes) -> None:
        """Send a whole document, which may be larger than the write limit: it counts on top of it."""
        self._write_limit = WRITE_LIMIT + len(payload)
        self.send_apart(payload)

    def ping(self) -> None:
        """Ask for a sign of life; a connection that has not answered the last time is dropped."""
        transport = self.transport
        if transport is None:
            return
        if self.awaiting_pong:
            self.drop("no_heartbeat")
            return
        self.awaiting_pong = True
        # Room for a whole document is given while it is on its way, not for good.
        waiting = transport.underlying_transport.get_write_buffer_size()
        self._write_limit = max(WRITE_LIMIT, min(self._write_limit, waiting))
        transport.send_ping(b"")

    def drop(self, why: str) -> None:
        """Cut the connection without a farewell: the peer does not read."""
        if self.transport is not None:
            REFUSED.labels(why).inc()
            log.info("socket_dropped", why=why, document_id=self.document_id, user_id=self.person.user_id)
            self.transport.disconnect(graceful=False)

    def cut(self) -> None:
        """End the socket after what was sent last."""
        if self.transport is not None:
            self.transport.disconnect()

    def close(self, code: CloseCode, reason: str) -> None:
        """Say why, then cut. Nothing that is received later counts."""
        transport = self.transport
        if transport is None or transport.is_close_frame_sent:
            return
        self._backlog = self._fragments = None
        self._allowance = FRAMES_AFTER_FAREWELL
        if self.put_off is not None:
            self._resume_reading()  # the answer to the farewell must be seen
        if self.room is not None:
            self.room.leave(self)
        if code is not CloseCode.GOING_AWAY:
            REFUSED.labels(code.name.lower()).inc()
        transport.send_close(int(code), reason.encode()[:120])  # type: ignore[arg-type]  # any number goes
        self._rooms.closing(self)
