"""A PostgreSQL that is stopped at once again and again under load, and the check of what is left each time."""

import asyncio
import random
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from support.crew import Crew
from support.postgres import Postgres
from support.server import Server
from support.stored import read_url
from support.writing import LeftError, Maker, Putter, Typist, Watcher
from support.yclient import YClient, connected

# What a socket may be closed with meanwhile: come back later.
TRY_AGAIN = 1013
RETRY_SECONDS = 0.05


@dataclass
class Summary:
    """What a campaign saw. Seconds are from the moment that PostgreSQL answers again."""

    stops: int = 0
    acknowledged: int = 0
    documents_made: int = 0
    refused: int = 0  # requests that were told 503 meanwhile
    closed: dict[str, int] = field(default_factory=dict)  # why sockets were closed, and how often
    healing_seconds: list[float] = field(default_factory=list)  # until everybody was back, with equal texts


class Stops:
    """One server on a PostgreSQL of its own, and people who come back whenever they are cut off."""

    def __init__(self, folder: Path, postgres: Postgres, seed: int, *, documents: int = 3, typists: int = 3) -> None:
        self._postgres = postgres
        self._url = postgres.new_database()
        self._rng = random.Random(seed)
        self._server = Server(folder / "data", DATABASE_URL=self._url)
        self._crew = Crew(self._server, self._rng, documents=documents, typists=typists)
        self._steps = 0
        self._down = False
        self._enough: asyncio.Event
        self._goal = 0
        self._healed_at = 0.0
        self.summary = Summary()

    async def prepare(self) -> None:
        """Start the server; make an account, a workspace and documents."""
        await self._crew.start()
        self._healed_at = time.perf_counter()

    async def live(self, *, stop: bool = True) -> None:
        """Let people come back and work until PostgreSQL is stopped at once; then check what is left, and start it again."""
        self._crew.gather()
        self._enough = asyncio.Event()
        self._goal = self._steps + self._rng.randrange(50, 300)
        async with self._crew.http() as http:
            async with asyncio.TaskGroup() as group:
                people = [group.create_task(self._take_part(person)) for person in self._crew.people]
                workers = [group.create_task(self._use_http(worker, http)) for worker in self._crew.workers]
                await self._enough.wait()
                await asyncio.sleep(self._rng.random() * 0.01)  # anywhere between two steps
                self._down = True  # they may leave now
                if stop:
                    await asyncio.to_thread(self._postgres.crash)
                    self.summary.stops += 1
                    await self._look_at_errors(http)
                    await asyncio.sleep(self._rng.random())
                for task in (*people, *workers):
                    task.cancel()
        assert self._server.running
        if stop:
            await asyncio.to_thread(self._postgres.start)
        self._healed_at = time.perf_counter()
        self._down = False
        await self._check()

    async def close(self) -> int:
        """Stop the server in good order; its exit code."""
        return await asyncio.to_thread(self._server.stop)

    # ---- the people ----

    async def _take_part(self, person: Typist | Watcher) -> None:
        while True:
            client: YClient | None = None
            try:
                async with connected(
                    self._server.ws_url, person.document, self._crew.key, doc=person.copy.doc
                ) as client:
                    await person.catch_up(client)
                    await self._together(person, client)
                    await person.work(client, self._step)
            except (ConnectionClosed, InvalidHandshake, OSError, AssertionError) as error:
                self._cut_off(client, error)
            await asyncio.sleep(RETRY_SECONDS)

    async def _together(self, person: Typist | Watcher, client: YClient) -> None:
        """Once a life."""
        if self._crew.gathering.broken:
            return
        with suppress(asyncio.BrokenBarrierError):
            if await self._crew.agree(person, client):
                self.summary.healing_seconds.append(time.perf_counter() - self._healed_at)
                await self._crew.gathering.abort()

    def _cut_off(self, client: YClient | None, error: Exception) -> None:
        if isinstance(error, AssertionError) and not str(error).startswith("closed ("):
            raise error
        assert self._down, f"cut off while PostgreSQL was well: {error}"
        if client is not None and client.close_code is not None:
            assert client.close_code == TRY_AGAIN, f"closed with {client.close_code} {client.close_reason}"
            self.summary.closed[client.close_reason] = self.summary.closed.get(client.close_reason, 0) + 1

    async def _use_http(self, worker: Putter | Maker, http: httpx.AsyncClient) -> None:
        while not self._down:
            try:
                await worker.work(http, self._step)
            except LeftError:
                self.summary.refused += 1
                await asyncio.sleep(RETRY_SECONDS)

    def _step(self) -> None:
        self._steps += 1
        if self._steps >= self._goal and self._crew.gathering.broken:
            self._enough.set()

    async def _look_at_errors(self, http: httpx.AsyncClient) -> None:
        """Whoever asks meanwhile is told what it is and what to do, and the process lives."""
        document = next(iter(self._crew.ledgers))
        assert (await http.get("/api/health")).status_code == 200
        for answer in (
            await http.get(f"/api/workspaces/{self._crew.maker.workspace}/documents"),
            await http.post("/api/workspaces", json={"name": "Now"}),
            await http.put(f"/api/documents/{document}/content", json={"content": "now"}, headers={"If-Match": "*"}),
        ):
            assert (answer.status_code, answer.json()["code"]) == (503, "unavailable"), answer.text
            assert "Try again" in answer.json()["detail"]
            self.summary.refused += 1
        ready = await http.get("/api/ready")
        assert (ready.status_code, ready.json()["code"]) == (503, "not_ready")

    # ---- what is left ----

    async def _check(self) -> None:
        kept = await read_url(self._url, list(self._crew.ledgers))
        self._crew.check(kept)
        self.summary.acknowledged = self._crew.acknowledged
        self.summary.documents_made = len(self._crew.maker.made)
        paths = "SELECT path FROM documents"
        rows = await asyncio.to_thread(self._postgres.execute, paths, database=self._url.rpartition("/")[2])
        assert self._crew.maker.made.keys() <= {row["path"] for row in rows}, "a document is lost"
