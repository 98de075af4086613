"""The other servers: who of them lives, and a slow look at the database that finds what no doorbell told."""

import asyncio
import itertools
import random
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

import structlog

from mdreader.db.engine import Database
from mdreader.features.collab import storage
from mdreader.features.collab.follower import Follower
from mdreader.features.collab.presence import Server
from mdreader.kernel.errors import AppError
from mdreader.ports.doorbell import Doorbell

if TYPE_CHECKING:
    from mdreader.features.collab.room import Room

log = structlog.get_logger(__name__)

# Seconds between two looks at how far the logs of all open documents are: a doorbell that was lost costs no more than that.
LOOK_SECONDS: Final = 1.5
# A room that stored a row of its own less than so many seconds ago was told by its number how far the log is. It is left out of a look,
# but not of every `WHOLE_LOOK`th: how far the text was projected is news, too.
FRESH_SECONDS: Final = 0.1
WHOLE_LOOK: Final = 8
# Seconds between two signs of life, and after how many without one a server's people count as gone.
ALIVE_SECONDS: Final = 3.0
SILENT_SECONDS: Final = 10.0
# What servers tell each other of themselves goes over a channel like that of a document.
EVERYBODY: Final = "servers"
ALIVE, GONE = b"\x01", b"\x02"


class Peers:
    """What the rooms of this server have to do with other servers."""

    def __init__(self, database: Database, doorbell: Doorbell, rooms: "Callable[[], list[Room]]") -> None:
        self._id = secrets.token_bytes(8)
        self._database = database
        self._doorbell = doorbell
        self._rooms = rooms
        self._heard: dict[Server, float] = {}
        self._look = asyncio.Event()
        self._time: Callable[[], float] = asyncio.get_running_loop().time

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Peers"]:
        """Say that this server lives, and watch the others, from here to the end."""
        loop = asyncio.get_running_loop()
        end = await self._doorbell.listen(EVERYBODY, self._on_message)
        end_gaps = self._doorbell.on_gap(self._on_gap)
        tasks = [loop.create_task(self._keep_looking()), loop.create_task(self._keep_saying())]
        try:
            yield self
        finally:
            self._doorbell.publish(EVERYBODY, GONE + self._id)
            end_gaps()
            end()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def follower(self, document_id: str) -> Follower:
        """An ear for a document that is about to be loaded."""
        return Follower(document_id, self._database, self._doorbell, self._id)

    def _on_message(self, message: bytes) -> None:
        server = Server(message[1:])
        if message[:1] == GONE:
            self._heard.pop(server, None)
            self._let_go({server})
        else:
            self._heard[server] = self._time()

    def _on_gap(self) -> None:
        """Messages were missed: look at everything, and ask who is there."""
        self._look.set()
        for room in self._rooms():
            if room.follower is not None:
                room.follower.tell_people(ask=True)

    async def _keep_saying(self) -> None:
        while True:
            self.beat()
            await asyncio.sleep(ALIVE_SECONDS)

    def beat(self) -> None:
        """Say that this server lives, and let go of the people of those that have not said so for too long."""
        self._doorbell.publish(EVERYBODY, ALIVE + self._id)
        now = self._time()
        here = {server for room in self._rooms() if room.follower is not None for server in room.follower.servers}
        for server in here:
            self._heard.setdefault(server, now)  # its people were heard of before it was
        silent = {server for server, at in self._heard.items() if now - at > SILENT_SECONDS}
        for server in silent:
            del self._heard[server]
        if silent:
            self._let_go(silent)

    def _let_go(self, servers: set[Server]) -> None:
        for room in self._rooms():
            for server in servers:
                if room.follower is not None:
                    room.follower.lose(server)

    async def _keep_looking(self) -> None:
        for turn in itertools.count(1):
            try:
                async with asyncio.timeout(LOOK_SECONDS * random.uniform(0.8, 1)):  # noqa: S311 - jitter, not a secret
                    await self._look.wait()
            except TimeoutError:
                pass
            whole = self._look.is_set() or turn % WHOLE_LOOK == 0
            self._look.clear()
            try:
                await self._look_at_all(self._time() - (0.0 if whole else FRESH_SECONDS))
            except AppError:
                pass  # the database is away: the next look finds it all
            except Exception:
                log.exception("look_at_logs_failed")

    async def _look_at_all(self, fresh: float) -> None:
        """Look how far the logs are; of a room that stored a row after `fresh` that is known."""
        rooms = {
            room.document_id: room for room in self._rooms() if not (room.dead or room.position.numbered_at > fresh)
        }
        if not rooms:
            return
        async with self._database.read() as conn:
            found = await storage.progress(conn, tuple(rooms))
        for document_id, progress in found.items():
            rooms[document_id].noticed(progress)
