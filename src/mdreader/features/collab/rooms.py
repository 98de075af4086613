"""All open rooms: loaded once, folded and projected when quiet, unloaded when empty. The live text for the rest of the house."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any
from weakref import WeakValueDictionary

import structlog

from mdreader.db.engine import Database, Transaction
from mdreader.features.collab import seeding, storage
from mdreader.features.collab.budget import Budget, Crowd
from mdreader.features.collab.closing import CloseCode
from mdreader.features.collab.connection import Connection
from mdreader.features.collab.log import LogStore, LogWriter
from mdreader.features.collab.log_stores import log_store
from mdreader.features.collab.peers import Peers
from mdreader.features.collab.projection import Projector
from mdreader.features.collab.rest import Doors
from mdreader.features.collab.rewrite import Rewrite
from mdreader.features.collab.room import Room, Surroundings
from mdreader.features.collab.storage import Stored
from mdreader.jobs.queue import Jobs
from mdreader.kernel.clock import Clock
from mdreader.kernel.errors import NotFoundError, TooLargeError, UnavailableError
from mdreader.kernel.memory import trim
from mdreader.kernel.metrics import CONNECTIONS, IN_FLIGHT, ROOMS
from mdreader.ports.doorbell import Doorbell
from mdreader.ports.live import LiveText, Record, Seed

log = structlog.get_logger(__name__)

TICK_SECONDS = 1.0
HEARTBEAT_SECONDS = 25
PINGS_AT_ONCE = 100
# Frames that the largest message counts as.
LARGEST_COUNTS = 1000
# An empty room is kept this long: a reload of the page should not read the database again.
EMPTY_SECONDS = 5.0
# A room whose content nobody needed for this long lets go of it.
IDLE_SECONDS = 5.0
# So many rooms that let go at once are worth a look for memory to give back.
TRIM_AFTER = 50
DRAIN_SECONDS = 6.0
RETRY_MILLISECONDS = (500, 4000)


class Rooms:
    """Implements `ports.live.LiveDocuments`; `running` owns the background tasks."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        jobs: Jobs,
        max_document_bytes: int,
        doorbell: Doorbell | None = None,
        on_full: Callable[[], None] = lambda: None,
    ) -> None:
        """`doorbell` is None where this is the only server. `on_full` is called when an edit finds no space on the disk."""
        self._database = database
        self._on_full = on_full
        self._doorbell = doorbell
        self.has_peers = doorbell is not None
        self.doors = Doors()
        self._max_document_bytes = max_document_bytes
        # The whole state of a document travels in one message: its text, its tombstones and their bookkeeping.
        self.max_frame_bytes = 2 * max_document_bytes + 1_000_000
        self.bytes_a_frame = max(4096, self.max_frame_bytes // LARGEST_COUNTS)  # so many count as one frame
        self.draining = False
        self._clock = clock
        self._rooms: dict[str, asyncio.Future[Room]] = {}
        self._unloading: dict[str, asyncio.Future[None]] = {}
        self._sockets: dict[Connection, None] = {}
        self.crowd = Crowd()
        self._budgets: WeakValueDictionary[str, Budget] = WeakValueDictionary()
        self._tasks: set[asyncio.Task[None]] = set()
        self._peers: Peers | None = None
        self._writer: LogWriter
        self._surroundings: Surroundings
        self._projector = Projector(database, clock, jobs)
        self._loop: asyncio.AbstractEventLoop

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Everything that runs in the background, from start to an orderly end."""
        self._loop = asyncio.get_running_loop()
        store = log_store(self._database)
        # Other servers' word comes over sockets that do not knock.
        sleep = self.doors.sleep if self._doorbell is None else None
        self._writer = LogWriter(store, self._clock, self._disturbed, self._on_full, sleep)
        self._surroundings = Surroundings(
            self._writer, self._load_state, self.spawn, self._forget, self._max_document_bytes
        )
        if self._doorbell is not None:
            self._peers = Peers(self._database, self._doorbell, self.open_rooms)
        ticker = self._loop.create_task(self._tick(), name="rooms-tick")
        self.spawn(self._catch_up())
        async with contextlib.AsyncExitStack() as stack:
            stack.push_async_callback(self._stop, ticker, store)
            if self._peers is not None:
                await stack.enter_async_context(self._peers.running())
            try:
                yield
            finally:
                await self.drain()

    async def _stop(self, ticker: "asyncio.Task[None]", store: LogStore) -> None:
        ticker.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(ticker, *self._tasks, return_exceptions=True)
        await self._writer.flushed()
        await store.close()
        self.doors.close()

    def _disturbed(self) -> bool:
        """Whether the server is at something else than keystrokes."""
        return bool(self._tasks or IN_FLIGHT.count)

    def time(self) -> float:
        """The event loop's clock, in seconds."""
        return self._loop.time()

    # ---- sockets ----

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run `work` as a task that is owned here."""
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def later(self, seconds: float, callback: Callable[[], None]) -> None:
        """Call on the event loop after a while."""
        self._loop.call_later(seconds, callback)

    def budget_of(self, user_id: str) -> Budget:
        """What all connections of a person may take of the event loop together."""
        budget = self._budgets.get(user_id)
        if budget is None:
            budget = self._budgets[user_id] = Budget(self.crowd)
        return budget

    def opened(self, connection: Connection) -> None:
        """A socket finished its handshake."""
        self._sockets[connection] = None
        CONNECTIONS.set(len(self._sockets))

    def closed(self, connection: Connection) -> None:
        """A socket is gone."""
        self._sockets.pop(connection, None)
        CONNECTIONS.set(len(self._sockets))
        if connection.room is not None:
            connection.room.leave(connection)

    def closing(self, connection: Connection) -> None:
        """A close frame was sent; the peer has a moment to answer it before the socket is cut."""
        self._loop.call_later(2.0, connection.cut)

    def sockets(self) -> tuple[Connection, ...]:
        """Every open socket."""
        return tuple(self._sockets)

    # ---- rooms ----

    async def get(self, document_id: str) -> Room:
        """The room of a document, loaded once for all who ask. `NotFoundError` when it was never seeded."""
        while True:
            if self.draining:
                raise UnavailableError("The server is stopping. Try again in a moment.")
            if (unloading := self._unloading.get(document_id)) is not None:
                await asyncio.shield(unloading)
                continue
            future = self._rooms.get(document_id)
            if future is None:
                future = self._rooms[document_id] = self._loop.create_future()
                self.spawn(self._open(document_id, future))
            room = await asyncio.shield(future)
            if not room.dead:
                room.use()
                return room
            self._forget(room)

    def peek(self, document_id: str) -> Room | None:
        """The room, if it is open now."""
        future = self._rooms.get(document_id)
        if future is None or not future.done() or future.exception() is not None:
            return None
        return future.result()

    async def _open(self, document_id: str, future: "asyncio.Future[Room]") -> None:
        follower = None if self._peers is None else self._peers.follower(document_id)
        try:
            if follower is not None:
                await follower.listen()  # before it is read: what comes between is heard
            # Else a room that failed to store something would be opened again with it, shown and acknowledged.
            await self._database.settled()
            async with self._database.read() as conn:
                stored = await storage.load(conn, document_id)
            if stored is None:
                raise NotFoundError("There is no such document.")
            future.set_result(Room(stored, self._surroundings, follower))
            ROOMS.set(len(self._rooms))
        except BaseException as error:
            if follower is not None:
                follower.end()
            self._rooms.pop(document_id, None)
            if not future.done():
                future.set_exception(error)
                future.exception()  # whoever waits raises it; nobody may
            if not isinstance(error, Exception):
                raise
            if not isinstance(error, NotFoundError):
                log.exception("room_not_loaded", document_id=document_id)

    def _load_state(self, document_id: str, into: "asyncio.Future[Stored | None]") -> None:
        async def load() -> None:
            try:
                async with self._database.read() as conn:
                    stored = await storage.load(conn, document_id)
                if stored is None:
                    raise NotFoundError("There is no such document.")
                into.set_result(stored)
            except Exception as error:  # noqa: BLE001 - whoever waits gets it
                into.set_exception(error)

        self.spawn(load())

    def _forget(self, room: Room) -> None:
        future = self._rooms.get(room.document_id)
        if future is not None and future.done() and not future.exception() and future.result() is room:
            del self._rooms[room.document_id]
            ROOMS.set(len(self._rooms))
        if room.dead:
            # Its parts hold each other, and the cycle collector comes seldom: megabytes would wait for it.
            if room.follower is not None:
                room.follower.end()
            room.drop_content()

    def evict(self, document_ids: Sequence[str], code: CloseCode, reason: str) -> None:
        """Close the rooms of documents that are gone. What was committed stays stored."""
        for document_id in document_ids:
            room = self.peek(document_id)
            if room is not None:
                room.discard(code, reason)
                self._forget(room)

    def open_rooms(self) -> list[Room]:
        """Every room that is loaded."""
        return [room for document_id in tuple(self._rooms) if (room := self.peek(document_id)) is not None]

    # ---- the background ----

    async def _catch_up(self) -> None:
        """Open what was being written when the server was killed: quiet rooms are projected, folded and closed by themselves."""
        try:
            async with self._database.read() as conn:
                documents = await storage.behind(conn)
            for document_id in documents:
                await self.get(document_id)
                await asyncio.sleep(0.05)  # people come first
        except UnavailableError:
            pass  # the server is stopping
        except Exception:
            log.exception("catch_up_failed")

    async def _tick(self) -> None:
        beat = self._loop.time() + HEARTBEAT_SECONDS
        while True:
            await asyncio.sleep(TICK_SECONDS)
            try:
                if self._loop.time() >= beat:
                    beat = self._loop.time() + HEARTBEAT_SECONDS
                    for number, connection in enumerate(tuple(self._sockets)):
                        connection.ping()
                        if number % PINGS_AT_ONCE == 0:
                            await asyncio.sleep(0.01)  # spread: other people type meanwhile
                await self._care()
            except Exception:
                log.exception("rooms_tick_failed")

    async def _care(self) -> None:
        now = self._loop.time()
        rooms = self.open_rooms()
        await self._projector.project([room for room in rooms if self._projector.is_due(room, now)])
        freed = 0
        for room in rooms:
            if room.dead or room.busy:
                continue
            if not room.connections and now - room.used_at > EMPTY_SECONDS:
                await self._unload(room)
                freed += 1
            elif room.in_memory and now - room.used_at > IDLE_SECONDS and room.projected_seq == room.seq:
                room.drop_content()
                freed += 1
        if freed > TRIM_AFTER:
            trim()

    async def _unload(self, room: Room) -> None:
        # Whoever comes meanwhile waits, and loads what is stored then: two rooms of one document must never be alive at once.
        done = self._unloading[room.document_id] = self._loop.create_future()
        used_at = room.used_at
        try:
            await self._projector.project([room], fold=True)
            idle = room.used_at == used_at and room.projected_seq == room.seq
            if idle and not room.connections and not room.busy:
                room.dead = True
                self._forget(room)
        finally:
            del self._unloading[room.document_id]
            done.set_result(None)

    async def drain(self) -> None:
        """Take no new sockets, write everything that was taken, tell the clients to come back, fold what there is time for."""
        if self.draining:
            return
        self.draining = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_SECONDS / 2):
                for room in self.open_rooms():
                    await room.quiesce()
                await self._writer.flushed()
        for connection in self.sockets():
            # Spread, so that all of them do not come back in the same moment.
            wait = random.randint(*RETRY_MILLISECONDS)  # noqa: S311 - jitter, not a secret
            connection.close(CloseCode.GOING_AWAY, f"retry-in-ms={wait}")
        rooms = [room for room in self.open_rooms() if not room.dead]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_SECONDS / 2):
                for start in range(0, len(rooms), 50):
                    await self._projector.project(rooms[start : start + 50], fold=True)
        for room in self.open_rooms():
            room.discard(CloseCode.GOING_AWAY, "the server is stopping")
        for connection in self.sockets():
            connection.cut()

    async def epoch(self, document_id: str) -> str:
        """The life of the document that is going on."""
        room = self.peek(document_id)
        if room is not None and not room.dead:
            return room.epoch
        async with self._database.read() as conn:
            epoch = await storage.epoch(conn, document_id)
        if epoch is None:
            raise NotFoundError("There is no such document.")
        return epoch

    # ---- LiveDocuments ----

    async def seed(self, tx: Transaction, seeds: Sequence[Seed], user_id: str) -> list[LiveText]:
        """See `LiveDocuments.seed`."""
        del user_id  # a seed belongs to nobody: its client id is never written under again
        for item in seeds:
            self._check_size(item.text)
        return await seeding.seed(tx, seeds)

    async def read(self, document_id: str) -> LiveText:
        """See `LiveDocuments.read`."""
        room = self.peek(document_id)
        if room is None or room.dead or not (room.in_memory or room.busy):
            async with self._database.read() as conn:
                text = await storage.fresh_text(conn, document_id)
            if text is not None:
                return text
            room = await self.get(document_id)
        room.use()  # or it may be unloaded while this waits
        await room.caught_up()
        return await room.at_settled(room.text)

    async def replace(
        self, document_id: str, text: str, *, user_id: str, expected_etag: str | None, record: Record | None = None
    ) -> LiveText:
        """See `LiveDocuments.replace`."""
        self._check_size(text)
        rewrite = Rewrite(text, expected_etag, user_id, record)
        room = await self.get(document_id)
        await room.caught_up()
        body = await room.at_settled(room.body)
        if rewrite.differs_much(body):
            await asyncio.to_thread(rewrite.prepare, body)
            room = await self.get(document_id)
            await room.caught_up()
        return await room.replace(rewrite)

    def _check_size(self, text: str) -> None:
        size = len(text.encode("utf-8", "surrogatepass"))
        if size > self._max_document_bytes:
            raise TooLargeError(f"The text has {size} bytes; a document holds at most {self._max_document_bytes}.")
