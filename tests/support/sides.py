"""Several servers' rooms in this process, on one PostgreSQL, with the doorbell between them in the test's hand."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from unittest.mock import Mock

import pytest
from pycrdt import Doc, Text
from sqlalchemy import text

from mdreader.adapters.job_bell_local import LocalJobBell
from mdreader.db.engine import Database
from mdreader.db.postgres import PostgresDatabase
from mdreader.db.postgres_address import parse_address
from mdreader.features.collab import peers, projection, seeding, window
from mdreader.features.collab import rooms as rooms_module
from mdreader.features.collab.awareness import decode_awareness, encode_awareness
from mdreader.features.collab.connection import Connection, Receive
from mdreader.features.collab.presence import Person
from mdreader.features.collab.protocol import (
    FrameKind,
    decode,
    encode_awareness_frame,
    encode_step1,
    encode_step2,
    encode_update,
)
from mdreader.features.collab.replica import EMPTY_STATE_VECTOR
from mdreader.features.collab.room import Room
from mdreader.features.collab.rooms import Rooms
from mdreader.features.documents import tasks as documents_tasks
from mdreader.jobs.queue import Jobs
from mdreader.jobs.registry import Registry
from mdreader.kernel.clock import SystemClock
from mdreader.kernel.ids import new_id
from mdreader.ports.live import Seed
from mdreader.runtime import Runtime
from support.waiting import eventually

LARGEST = 5_000_000
# Nobody looks, stores or closes anything by himself before the test says so: on a busy machine seconds pass between two of its lines.
WHAT_TIME_DOES = (
    (peers, "LOOK_SECONDS"),
    (rooms_module, "EMPTY_SECONDS"),
    (rooms_module, "IDLE_SECONDS"),
    (rooms_module, "HEARTBEAT_SECONDS"),
    (projection, "QUIET_SECONDS"),
    (projection, "LATEST_SECONDS"),
    (projection, "FOLLOWED_SECONDS"),
)


def hold_windows(patch: pytest.MonkeyPatch) -> None:
    """A room's window ends when the test says so: a slow machine may take seconds between two of its lines."""
    patch.setattr(window, "STEPS", (1e10,))
    patch.setattr(window, "PAUSE", 3600.0)
    patch.setattr(window, "_MEMORY", 3600.0)


class Bells:
    """What the doorbells of one process ring into; while it is `deaf` nothing comes across, and nothing comes later.

    Nothing is heard of the sides that are `killed`.
    """

    def __init__(self) -> None:
        self.deaf = False
        self.killed: set[int] = set()
        self._heard: dict[tuple[str, int], list[Callable[[bytes], None]]] = {}

    def ring(self, document_id: str, message: bytes, *, besides: int) -> None:
        loop = asyncio.get_running_loop()
        for (of, side), callbacks in self._heard.items():
            if of == document_id and side != besides and not self.deaf and besides not in self.killed:
                for callback in tuple(callbacks):
                    loop.call_soon(callback, message)

    def listen(self, document_id: str, side: int, callback: Callable[[bytes], None]) -> Callable[[], None]:
        callbacks = self._heard.setdefault((document_id, side), [])
        callbacks.append(callback)
        return lambda: callbacks.remove(callback) if callback in callbacks else None


class SideDoorbell:
    """Implements `ports.doorbell.Doorbell` for one side."""

    def __init__(self, bells: Bells, side: int) -> None:
        self._bells = bells
        self._side = side

    def publish(self, document_id: str, message: bytes) -> None:
        self._bells.ring(document_id, message, besides=self._side)

    async def listen(self, document_id: str, callback: Callable[[bytes], None]) -> Callable[[], None]:
        return self._bells.listen(document_id, self._side, callback)

    def on_gap(self, callback: Callable[[], None]) -> Callable[[], None]:
        del callback
        return lambda: None


class Sides:
    """`rooms` of each server, and documents of one user."""

    def __init__(self, databases: list[PostgresDatabase], bells: Bells, rooms: list[Rooms], user: str) -> None:
        self.databases, self.bells, self.rooms, self.user = databases, bells, rooms, user
        self.documents: list[str] = []

    async def open(self, text_: str = "start\n") -> list[Room]:
        """The rooms of a new document, one a server, in memory."""
        (document,) = await documents_of(self.databases[0], self.user, text_)
        opened = [await rooms.get(document) for rooms in self.rooms]
        for room in opened:
            await room.at_settled(room.text)
        return opened

    async def rows(self, room: Room) -> list[int]:
        async with self.databases[0].read() as conn:
            query = text("SELECT seq FROM document_updates WHERE document_id = :of ORDER BY seq")
            return list(await conn.scalars(query, {"of": room.document_id}))


@asynccontextmanager
async def sides_of(url: str, count: int = 2) -> AsyncIterator[Sides]:
    """`count` servers on the PostgreSQL at `url`, which has its schema and nothing in it."""
    bells, clock = Bells(), SystemClock()
    async with AsyncExitStack() as stack:
        still = stack.enter_context(pytest.MonkeyPatch.context())
        for module, name in WHAT_TIME_DOES:
            still.setattr(module, name, 3600.0)
        databases = [PostgresDatabase(parse_address(url)) for _ in range(count)]
        for database in databases:
            stack.push_async_callback(database.close)
        user = await user_of(databases[0])
        rooms = []
        for number, database in enumerate(databases):
            registry: Registry[Runtime] = Registry()
            documents_tasks.register(registry)
            made = Rooms(
                database=database,
                clock=clock,
                jobs=Jobs(registry=registry, clock=clock, bell=LocalJobBell()),
                max_document_bytes=LARGEST,
                doorbell=SideDoorbell(bells, number),
            )
            await stack.enter_async_context(made.running())
            rooms.append(made)
        yield Sides(databases, bells, rooms, user)


async def user_of(database: Database) -> str:
    """Somebody, by hand: accounts are another feature's."""
    user = new_id()
    async with database.write() as tx:
        await tx.conn.execute(
            text(
                "INSERT INTO users (id, email, name, password_hash, created_at, updated_at) VALUES (:u, :e, 'A', '', 0, 0)"
            ),
            {"u": user, "e": user},
        )
    return user


async def documents_of(database: Database, user: str, *texts: str) -> list[str]:
    """Documents with these texts in a new workspace."""
    workspace, ids = new_id(), [new_id() for _ in texts]
    async with database.write() as tx:
        await tx.conn.execute(
            text("INSERT INTO workspaces (id, name, created_at, created_by) VALUES (:w, 'W', 0, :u)"),
            {"w": workspace, "u": user},
        )
        await tx.conn.execute(
            text(
                "INSERT INTO documents (id, workspace_id, path, title, rev, size, created_at, created_by, updated_at, updated_by)"
                " VALUES (:d, :w, :p, '', 0, 0, 0, :u, 0, :u)"
            ),
            [{"d": document, "p": document, "w": workspace, "u": user} for document in ids],
        )
        await seeding.seed(tx, [Seed(document, body) for document, body in zip(ids, texts, strict=True)])
    return ids


class Typist:
    """A client without a socket: what it types goes into the room, what the room sends stands in `frames` and in its copy."""

    def __init__(self, room: Room, user: str) -> None:
        self.room = room
        self.frames: list[bytes] = []
        self.doc: Doc[Text] = Doc()
        self._text = self.doc.get("content", type=Text)
        self._read = 0  # so many frames are in the copy
        self.connection = Mock(
            spec=Connection,
            room=room,
            can_write=True,
            person=Person(user, "A"),
            behind=False,
            held_markers=None,
            live=False,
            may_wait=False,  # there is no socket to read from
        )
        self.connection.send = self.connection.send_apart = self.connection.send_large = self._send
        self.connection.take_late = self._take_late
        self._marks = self._clock = 0
        room.join(self.connection)
        room.receive(self.connection, encode_step1(EMPTY_STATE_VECTOR))

    def _take_late(self, payload: bytes, receive: Receive, _gap: float = 0.0) -> None:
        if self.connection.room is not None:  # it has not left
            receive(self.connection, payload)

    def _send(self, payload: bytes, _kind: object = None) -> None:
        self.frames.append(payload)

    def read(self) -> str:
        """The text of its copy, with all that has come."""
        new, self._read = self.frames[self._read :], len(self.frames)
        for frame in map(decode, new):
            if frame.kind in {FrameKind.STEP2, FrameKind.UPDATE}:
                self.doc.apply_update(frame.body)
        return str(self._text)

    def type(self, letters: str, *, large: bool = False) -> None:
        """Append to the text."""
        made: list[bytes] = []
        end = len(self.read().encode())
        subscription = self.doc.observe(lambda event: made.append(event.update))
        self._text.insert(end, letters)
        self.doc.unobserve(subscription)
        self.room.receive(self.connection, (encode_step2 if large else encode_update)(made[0]))

    def show(self, **state: object) -> None:
        """Say of itself."""
        self._clock += 1
        said = encode_awareness([(self.doc.client_id, self._clock, json.dumps(state).encode())])
        self.room.receive(self.connection, encode_awareness_frame(said))

    def sees(self, other: "Typist") -> bool:
        """Whether the other one is there, by what was said last."""
        said = [decode(frame) for frame in self.frames]
        states = [
            one
            for frame in said
            if frame.kind is FrameKind.AWARENESS
            for one in decode_awareness(frame.body)
            if one.client == other.doc.client_id
        ]
        return bool(states) and states[-1].raw != b"null"

    def mark(self) -> bytes:
        """Ask to be told when everything so far is saved; the frame that says so."""
        self._marks += 1
        marker = b"\x66%d" % self._marks
        self.room.receive(self.connection, marker)
        return marker

    async def saved(self) -> None:
        marker = self.mark()
        await eventually(lambda: marker in self.frames, "word that it is saved")

    async def reads(self, wanted: str | Callable[[str], bool]) -> None:
        """Wait until its copy is `wanted`, or such."""
        is_it = wanted if callable(wanted) else wanted.__eq__
        await eventually(lambda: bool(is_it(self.read())), "wanted text")
