"""One document's ear to the other servers: their rows, in order and without holes, and their people.

The log in the database is the truth. What comes over the doorbell spares a look at it; what does not come is read there.
"""

import asyncio
import random
import time
from collections.abc import Callable, Collection
from enum import IntEnum
from typing import TYPE_CHECKING, Final

import structlog

from mdreader.db.engine import Database
from mdreader.features.collab import storage
from mdreader.features.collab.awareness import decode_awareness
from mdreader.features.collab.bulk import STRETCH, Stage
from mdreader.features.collab.content import Content
from mdreader.features.collab.flight import Flight
from mdreader.features.collab.intake import Intake
from mdreader.features.collab.keystrokes import Keystrokes, encode_keystrokes, read_keystrokes
from mdreader.features.collab.pipeline import BROKEN
from mdreader.features.collab.presence import Presence, Server
from mdreader.features.collab.replica import ReplicaError
from mdreader.features.collab.storage import Stored
from mdreader.features.collab.text import Shape
from mdreader.features.collab.varint import ProtocolError, read_uint, write_uint
from mdreader.kernel.errors import UnavailableError
from mdreader.ports.doorbell import Doorbell

if TYPE_CHECKING:
    from mdreader.features.collab.connection import Connection
    from mdreader.features.collab.room import Room

log = structlog.get_logger(__name__)

# A row of more bytes is not sent along: it is read from the log.
INLINE_BYTES: Final = 16 * 1024
# Rows of two servers overtake each other by so much; only then the missing one is read. Seconds.
GRACE: Final = 0.02
# Seconds until another try when the database did not answer, or had nothing new; each time twice as long, up to the other.
RETRY: Final = 0.3
LONGEST_RETRY: Final = 5.0
# What is heard while the room is being loaded; more is read from the log.
EARLY_MESSAGES: Final = 1000
# Seconds that a reader waits for rows which the log has and this server has not.
CATCH_UP_SECONDS: Final = 10.0


class Say(IntEnum):
    """The first byte of a message between servers."""

    ROW = 1  # a row's number, and the row
    LOOK = 2  # a row's number: it is to be read from the log
    PEOPLE = 3  # a server's id, and states of its people
    ASK = 4  # the same, and the others are to say who is there
    TYPED = 5  # a row's number, what keystrokes it holds, and the row


_ROW, _LOOK, _TYPED = bytes((Say.ROW,)), bytes((Say.LOOK,)), bytes((Say.TYPED,))
_A_TYPED_ROW: Final = int(Say.TYPED)  # most messages are


class Follower:
    """Made before the document is loaded, so that nothing that is committed meanwhile is missed; `attach` gives it the room."""

    def __init__(self, document_id: str, database: Database, doorbell: Doorbell, server_id: bytes) -> None:
        self._document_id = document_id
        self._database = database
        self._doorbell = doorbell
        self._server_id = server_id
        self._room: Room | None = None
        self._early: list[bytes] = []
        self._rows: dict[int, tuple[bytes, Keystrokes | None]] = {}
        self._known = 0  # the newest row that was heard of
        self._shape: tuple[int, Shape] | None = None  # since which row the file has which shape
        self._fetching: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._waiting: list[tuple[int, asyncio.Future[None]]] = []
        self._end: Callable[[], None] | None = None
        self._ended = False
        self._failed = 0  # times in a row that reading brought nothing
        self._going_on = False  # what is left of a long walk through rows is about to go on
        self._content: Content
        self._presence: Presence
        self._intake: Intake

    async def listen(self) -> None:
        """Hear what other servers say from now on."""
        self._end = await self._doorbell.listen(self._document_id, self._heard)
        if self._ended:
            self._end()

    def attach(self, room: "Room", content: Content, presence: Presence) -> None:
        """The room is loaded, and these are its parts."""
        self._room, self._content, self._presence = room, content, presence
        self._intake = Intake(room, content)
        early, self._early = self._early, []
        for message in early:
            self._heard(message)
        self.say_people([], ask=True)

    def end(self) -> None:
        """Hear nothing more."""
        self._ended = True
        if self._end is not None:
            self._end()
        if self._timer is not None:
            self._timer.cancel()
        if self._room is not None:
            self._intake.end()
        if self._fetching is not None:
            self._fetching.cancel()
        self._tell_waiting()

    # ---- to the others ----

    def say_row(self, flight: Flight) -> None:
        """A row of ours is stored."""
        number = write_uint(flight.number or flight.seq)
        if flight.shape is not None or flight.new_clients or len(flight.data) > INLINE_BYTES:
            message = b"".join((_LOOK, number))
        elif (
            (updates := flight.updates)
            and len(updates) > 1  # one alone is read as fast as its description
            and (keystrokes := encode_keystrokes(updates)) is not None
        ):
            message = b"".join((_TYPED, number, keystrokes, flight.data))
        else:
            message = b"".join((_ROW, number, flight.data))
        self._doorbell.publish(self._document_id, message)

    def say_people(self, updates: list[bytes], *, ask: bool = False) -> None:
        """What is new of our people; with `ask` the others answer with theirs."""
        for update in updates or ([b"\x00"] if ask else []):
            kind = Say.ASK if ask else Say.PEOPLE
            self._doorbell.publish(self._document_id, bytes((kind,)) + self._server_id + update)

    def tell_people(self, *, ask: bool = False) -> None:
        """Say who is here; with `ask` the others answer."""
        self.say_people(self._presence.own(), ask=ask)

    # ---- people of the others ----

    @property
    def servers(self) -> Collection[Server]:
        """The other servers that have people here."""
        return self._presence.servers if self._room is not None else ()

    def lose(self, server: Server) -> None:
        """Another server is gone, and its people with it, until they come back elsewhere."""
        room = self._room
        if room is not None and self._presence.leave(server):
            room.presence_changed()

    # ---- from the others ----

    def _heard(self, message: bytes) -> None:
        room = self._room
        if room is None:
            if len(self._early) < EARLY_MESSAGES:
                self._early.append(message)
            return
        if room.dead or not message:
            return
        try:
            kind = message[0]
            if kind == _A_TYPED_ROW:
                seq, end = read_uint(message, 1)
                keystrokes, end = read_keystrokes(message, end)
                self._rows[seq] = message[end:], keystrokes
                self.look(seq)
            elif kind == Say.ROW:
                seq, end = read_uint(message, 1)
                self._rows[seq] = message[end:], None
                self.look(seq)
            elif kind == Say.LOOK:
                self.look(read_uint(message, 1)[0])
            elif kind in (Say.PEOPLE, Say.ASK):
                self._heard_of_people(room, message)
        except (ProtocolError, IndexError):
            log.exception("peer_message_unreadable", document_id=self._document_id)

    def _heard_of_people(self, room: "Room", message: bytes) -> None:
        size = len(self._server_id)
        if self._presence.follow(Server(message[1 : 1 + size]), decode_awareness(message[1 + size :])):
            room.presence_changed()
        if message[0] == Say.ASK:
            self.tell_people()

    def look(self, seq: int) -> None:
        """There is a row `seq`."""
        self._known = max(self._known, seq)
        self.pump()

    def pump(self) -> None:
        """Follow as far as there is no hole; have what is missing read. Called whenever the room may go on."""
        room = self._room
        if room is None or room.dead or self._ended:
            return
        if not self._can_apply(room):
            wanted = bool(room.connections or self._waiting)
            if self._known > room.seq and wanted and not self._content.writable:
                room.bring_in()
            return
        if self._rows:
            if not self._walk(room):
                return
            self._rows = {seq: row for seq, row in self._rows.items() if seq > room.seq}
        if self._shape is not None and room.seq >= self._shape[0]:
            room.position.reshaped(*self._shape)
            self._shape = None
        self._tell_waiting()
        if self._known > room.seq:
            # A commit of ours that is under way is likely to be the missing row.
            if not room.pipeline.in_flight:
                self._fetch_soon()
        else:
            self._has_all(room)

    def _has_all(self, room: "Room") -> None:
        self._failed = 0
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if room.pipeline.busy:  # a text that is to replace the live one waits for the newest row
            room.pipeline.flush_soon()

    def _walk(self, room: "Room") -> bool:
        """Take in the rows up to the next hole; False when there is more to do before anything else."""
        end = 0.0
        try:
            while (row := self._rows.get(room.seq + 1)) is not None:
                now = time.perf_counter()
                end = end or now + STRETCH
                if now > end:
                    self._go_on_soon()
                    return False
                seq = room.seq + 1
                if not self._intake.apply(*row):
                    return False
                self._rows.pop(seq, None)
        except (ReplicaError, ProtocolError) as error:
            room.broken(BROKEN, f"row {room.seq + 1}: {error}")
            return False
        finally:
            if not room.dead:
                self._intake.show_soon()
        return True

    def _go_on_soon(self) -> None:
        if not self._going_on:
            self._going_on = True
            asyncio.get_running_loop().call_soon(self._go_on)

    def _go_on(self) -> None:
        self._going_on = False
        self.pump()

    def _can_apply(self, room: "Room") -> bool:
        """Whether the document is in memory, and nothing large is half applied."""
        pipeline = room.pipeline
        busy = pipeline.bulk is not None and pipeline.bulk.stage is Stage.BUSY
        return self._content.writable and not pipeline.following and not busy

    def renew(self, stored: Stored) -> None:
        """Start again from what is stored, while nothing is in memory. Raises `ReplicaError`."""
        self._intake.renew(stored)

    def show(self, update: bytes, author: "Connection | None") -> None:
        """Show a committed update of ours to everybody but its only author."""
        self._intake.show(update, author)

    # ---- what is missing ----

    def _fetch_soon(self) -> None:
        if self._timer is None and self._fetching is None:
            wait = GRACE
            if self._failed:
                # Every open document asks for itself: not all of them in the same moment.
                wait = min(RETRY * 2 ** (self._failed - 1), LONGEST_RETRY) * random.uniform(0.7, 1.3)  # noqa: S311 - jitter, not a secret
            self._timer = asyncio.get_running_loop().call_later(wait, self._fetch_now)

    def _fetch_now(self) -> None:
        self._timer = None
        room = self._room
        if room is not None and self._known > room.seq and self._fetching is None and not self._ended:
            self._fetching = asyncio.get_running_loop().create_task(self._fetch(room.seq))

    async def _fetch(self, before: int) -> None:
        newest = 0
        try:
            newest = await self._read(whole=False)
        except Exception as error:  # noqa: BLE001 - the database is away: what is missing stays missing until it is back
            log.warning("rows_not_read", document_id=self._document_id, error=f"{type(error).__name__}: {error}"[:200])
        finally:
            self._fetching = None
        self._failed = 0 if newest > before else min(self._failed + 1, 10)
        self.pump()
        room = self._room
        if room is None or room.dead or self._known <= room.seq or not self._can_apply(room):
            return
        if room.seq + 1 not in self._rows:  # else the walk through those that are here asks for more at its end
            self._fetch_soon()

    async def _read(self, *, whole: bool) -> int:
        """Take in what the log has and we have not; the number of its newest row."""
        room = self._room
        assert room is not None  # noqa: S101 - it is attached before anything is read
        before = room.seq
        async with self._database.read() as conn:
            new = None if whole else await storage.rows_after(conn, self._document_id, before)
            stored = None
            if whole or (new is not None and new.seq > before and (not new.rows or new.rows[0][0] != before + 1)):
                stored = await storage.load(conn, self._document_id)  # the rows were folded
        if room.dead:
            return 0
        if stored is not None:
            self._known = max(self._known, stored.seq)
            # With a commit under way: that one goes first, and what is missing is read again.
            if self._can_apply(room) and not room.pipeline.in_flight:
                self._intake.apply_all(stored)
            return stored.seq
        if new is None:
            return 0  # the document is gone, and word of that is on its way
        self._known = max(self._known, new.seq)
        for seq, data in new.rows:
            self._rows.setdefault(seq, (data, None))
        self._content.learn_owners(new.owners)
        if new.rows:
            self._shape = (new.seq, new.shape)
        return new.seq

    async def caught_up(self) -> None:
        """Return when everything that the log has by now is here. `UnavailableError` when that takes too long."""
        newest = await self._read(whole=False)
        self.pump()
        room = self._room
        if room is None or room.dead or room.seq >= newest:
            return
        reached: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((newest, reached))
        self.pump()  # now that somebody waits: the document may have to come into memory first
        try:
            async with asyncio.timeout(CATCH_UP_SECONDS):
                await reached
        except TimeoutError:
            raise UnavailableError("The newest state of the document cannot be read now. Try again.") from None

    def _tell_waiting(self) -> None:
        if not self._waiting:
            return
        room = self._room
        over = self._ended or room is None or room.dead
        still = []
        for seq, reached in self._waiting:
            if not over and room is not None and room.seq < seq:
                still.append((seq, reached))
            elif not reached.done():
                reached.set_result(None)
        self._waiting = still
