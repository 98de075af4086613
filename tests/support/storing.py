"""Histories made by Yjs, through the server's own rooms and storage: seeded, logged, folded, loaded again, at any moment."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass

import httpx
from fastapi import FastAPI
from pycrdt import Doc, Text

from mdreader.db.engine import Database
from mdreader.features.collab import storage
from mdreader.features.collab.closing import CloseCode
from mdreader.features.collab.connection import Connection
from mdreader.features.collab.presence import Person as Author
from mdreader.features.collab.protocol import encode_step1, encode_step2, encode_update
from mdreader.features.collab.replica import Replica
from mdreader.features.collab.rooms import Rooms
from mdreader.features.collab.varint import read_uint
from support.http import Person, new_document, new_workspace, signed_up
from support.stored import updates_of
from unit.yjs.histories import History, generate, replay

AT_ONCE = 25
# A room that is used meanwhile is asked again.
UNLOAD_SECONDS = 100
WITNESS, LATE = "witness", "late"
AUTHORS = ("user-0", "user-1", "user-2", "user-3")
SEEDS = ("", "", "# Title\n\ntext\n", "Grüße 🎉\n", "日本語")


class Listener(Connection):
    """A seat in a room without a socket: it keeps the document as a client would."""

    def __init__(self, rooms: Rooms, document_id: str, person: Person) -> None:
        super().__init__(rooms, document_id)
        self.person = Author(person.id, person.name)
        self.can_write = True
        self.doc: Doc[Text] = Doc()
        self.content = self.doc.get("content", type=Text)
        self.synced: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._markers: dict[bytes, asyncio.Future[None]] = {}

    async def saved(self) -> None:
        """Wait until everything sent so far is committed."""
        assert self.room is not None
        marker = b"\x66%d" % len(self._markers)
        done = self._markers[marker] = asyncio.get_running_loop().create_future()
        self.room.receive(self, marker)
        await done

    def send(self, payload: bytes, *_kind: object) -> None:
        if payload in self._markers:
            self._markers[payload].set_result(None)
        elif payload[0] == 0 and payload[1] in {1, 2}:
            _, start = read_uint(payload, 2)
            self.doc.apply_update(payload[start:])
            if payload[1] == 1:
                self.synced.set_result(None)

    def send_apart(self, payload: bytes) -> None:
        self.send(payload)

    def send_large(self, payload: bytes) -> None:
        self.send(payload)

    def close(self, code: CloseCode, reason: str) -> None:
        raise AssertionError(f"closed with {code}: {reason}")


@dataclass(frozen=True)
class House:
    """A running application, to make documents in."""

    http: httpx.AsyncClient
    rooms: Rooms
    database: Database
    people: dict[str, Person]
    workspace: str


class Story:
    """One history in one document. Afterwards `kept` says what is stored as log and snapshot, before and after folding."""

    def __init__(self, house: House, history: History, rng: random.Random) -> None:
        self._house = house
        self._history = history
        self._rng = rng
        self._seats: dict[str, Listener] = {}
        self._document = ""
        self.seed = rng.choice(SEEDS)
        self.kept: list[list[bytes]] = []
        self.texts: list[tuple[str, str]] = []  # how it was read, and the text

    async def tell(self, name: str) -> None:
        """Play it, with whatever can happen to a document meanwhile, and look at it in every way there is."""
        path = f"{name}.md"
        self._document = await new_document(
            self._house.http, self._house.people[WITNESS], self._house.workspace, path, self.seed
        )
        await self._sit(WITNESS)
        for user, update in self._history.sent:
            seat = self._seats.get(user) or await self._sit(user)
            frame = encode_step2 if self._rng.random() < 0.2 else encode_update
            assert seat.room is not None
            seat.room.receive(seat, frame(update))
            if self._rng.random() < 0.1:
                await self._happen()
        await self._settle()
        # Not the authors: a room does not send them their own.
        for seat in (self._seats.get(WITNESS) or await self._sit(WITNESS), await self._sit(LATE)):
            self.texts.append(("a client", str(seat.content)))
        await self._look()
        await self._fold()
        await self._look()
        await self._leave()

    async def _sit(self, user: str) -> Listener:
        room = await self._house.rooms.get(self._document)
        seat = self._seats[user] = Listener(self._house.rooms, self._document, self._house.people[user])
        room.join(seat)
        room.receive(seat, encode_step1(b"\0"))
        await seat.synced
        return seat

    async def _settle(self) -> None:
        for seat in self._seats.values():
            await seat.saved()

    async def _leave(self) -> None:
        room = await self._house.rooms.get(self._document)
        for seat in self._seats.values():
            room.leave(seat)
        self._seats.clear()

    async def _fold(self) -> None:
        room = await self._house.rooms.get(self._document)
        await self._house.rooms._projector.project([room], fold=True)

    async def _happen(self) -> None:
        what = self._rng.randrange(5)
        if what == 0:
            await asyncio.sleep(0)
            return
        await self._settle()
        room = await self._house.rooms.get(self._document)
        if what == 1:
            await self._fold()
        elif what == 2:
            room.drop_content()
        elif what == 3:
            await self._leave()
            # What uses it meanwhile keeps it: being folded, and the job that writes its file; which then may open another.
            async with asyncio.timeout(UNLOAD_SECONDS):
                while not room.dead:
                    await self._house.rooms._unload(room)
            assert self._house.rooms.peek(self._document) is not room

    async def _look(self) -> None:
        """Add the text as it is live, loaded, projected, and answered over HTTP; keep what Yjs is to read."""
        room = await self._house.rooms.get(self._document)
        self.texts.append(("live", (await room.at_settled(room.text)).text))
        async with self._house.database.read() as conn:
            stored = await storage.load(conn, self._document)
            fresh = await storage.fresh_text(conn, self._document)
        assert stored is not None
        self.texts.append(("loaded", Replica(stored.state).text()))
        if fresh is not None:
            self.texts.append(("projected", fresh.text))
        got = await self._house.http.get(
            f"/api/documents/{self._document}", headers=self._house.people[WITNESS].headers
        )
        self.texts.append(("over HTTP", got.json()["content"]))
        async with self._house.database.read() as conn:
            self.kept.append(await updates_of(conn, self._document))
        self.kept.append([stored.state])


async def check_stories(app: FastAPI, http: httpx.AsyncClient, count: int, seed: int) -> int:
    """Play `count` histories; gives how many updates they had. Raises AssertionError when any two texts differ."""
    people = {name: await signed_up(http) for name in (WITNESS, LATE, *AUTHORS)}
    workspace = await new_workspace(http, people[WITNESS])
    runtime = app.state.runtime
    house = House(http, runtime.live, runtime.database, people, workspace)
    updates = 0
    for first in range(0, count, AT_ONCE):
        stories = [
            Story(house, history, random.Random(seed + first + number))
            for number, history in enumerate(generate(min(AT_ONCE, count - first), seed + first))
        ]
        async with asyncio.TaskGroup() as group:
            for number, story in enumerate(stories):
                group.create_task(story.tell(f"{first + number}"))
        _compare(stories)
        updates += sum(len(story._history.sent) for story in stories)
    return updates


def _compare(stories: Sequence[Story]) -> None:
    logs = [(story, log) for story in stories for log in story.kept]
    for (story, _), read in zip(logs, replay([log for _, log in logs]), strict=True):
        assert not read.pending
        story.texts.append(("by Yjs", read.text))
    for story in stories:
        wanted = story.texts[0][1] if story.seed else story._history.text
        wrong = [how for how, text in story.texts if text != wanted]
        assert not wrong, f"read differently: {wrong}"
