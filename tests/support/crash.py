"""A server that is killed and started again under load, and the check of what is left each time."""

import asyncio
import random
import signal
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import httpx

from support.crew import Crew
from support.server import Server
from support.stored import Kept, copy_database, read_file, read_url, until_nobody_is_in
from support.writing import Address, LeftError, Maker, Putter, Typist, Watcher, socket_of

# How often a run of some seconds passes each point, so that a count up to this is reached.
FAILPOINTS = {
    "room.applied": 60,
    "log.before_commit": 60,
    "log.before_sync": 60,
    "log.after_sync": 60,
    "room.before_broadcast": 60,
    "room.before_acknowledgement": 60,
    "room.acknowledged": 60,
    "seed.before_commit": 4,
    "seed.after_commit": 4,
    "projection.captured": 1,
    "projection.before_tree": 1,
    "fold.before_delete": 1,
    "fold.before_commit": 1,
    "fold.after_commit": 1,
}
"""By name. Projection and folding happen when documents fall quiet or the server stops."""
AT_STOP = ("projection.", "fold.")
LIVES = 3
"""So often a server may end in good order instead of at one of them."""
ON_POSTGRES = (
    "log.before_commit",
    "log.after_sync",
    "room.before_broadcast",
    "seed.before_commit",
    "seed.after_commit",
    "projection.before_tree",
    "fold.before_commit",
)
"""Where another database makes a difference."""


class Death(NamedTuple):
    """How a life ends: after `progress` steps of the people, or at a failpoint that is passed for the `progress`-th time."""

    name: str  # "random" or a failpoint
    progress: int


def death_at(name: str, rng: random.Random) -> Death:
    """A death at `name` at some moment within its reach."""
    return Death(name, rng.randrange(400) if name == "random" else rng.randint(1, FAILPOINTS[name]))


@dataclass
class Summary:
    """What a campaign saw."""

    deaths: Counter[str] = field(default_factory=Counter)
    acknowledged: int = 0
    received: int = 0  # seen by a second client when the server died, and not acknowledged yet
    kept_by_authors: int = 0  # neither, when the server died
    documents_made: int = 0
    restart_seconds: list[float] = field(default_factory=list)


class Crashes:
    """One data folder and the people on it, over any number of lives."""

    def __init__(
        self, folder: Path, seed: int, *, documents: int = 3, typists: int = 3, database_url: str | None = None
    ) -> None:
        self._folder = folder
        self._database_url = database_url
        self._rng = random.Random(seed)
        self._server = Server(folder / "data", **({"DATABASE_URL": database_url} if database_url else {}))
        self._crew = Crew(self._server, self._rng, documents=documents, typists=typists)
        self._texts: dict[str, str] = {}  # as the files had them after the last life
        self._steps = self._goal = 0
        self._ending = False  # the server is about to go, or may go at any moment
        self._begun: asyncio.Event  # everybody is there and the copies agree
        self._enough: asyncio.Event  # steps were made as many as this life should have
        self.summary = Summary()

    async def prepare(self) -> None:
        """Make an account, a workspace and documents."""
        await self._crew.start()
        await asyncio.to_thread(self._server.stop)

    async def live(self, death: Death | None) -> None:
        """Start the server, let people work until it dies, and check what is left; with None it is stopped in good order."""
        for _ in range(LIVES):
            if await self._live(death):
                return
        raise AssertionError(f"{death} was not passed")

    async def _live(self, death: Death | None) -> bool:
        """Whether it died as it should."""
        armed = {"MDREADER_FAILPOINTS": f"{death.name}:{death.progress}"} if death and death.name in FAILPOINTS else {}
        started = time.perf_counter()
        await asyncio.to_thread(self._server.start, **armed)
        self.summary.restart_seconds.append(time.perf_counter() - started)
        self._ending = bool(armed)
        self._crew.gather()
        self._begun, self._enough = asyncio.Event(), asyncio.Event()
        steps = death.progress if death and death.name == "random" else self._rng.randrange(100, 300)
        self._goal = self._steps + steps
        async with self._crew.http() as http:
            if not armed:  # else it may die of the question
                await self._check_answers(http)
            address = Address(self._server.url, self._server.ws_url, self._crew.key)
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._take_part(person, address, http)) for person in self._crew.people]
                tasks += [group.create_task(self._use_http(worker, http)) for worker in self._crew.workers]
                died = await self._end(death, tasks)
        await self._check_files()
        return died

    async def close(self) -> None:
        """Stop what still runs, after a failure."""
        if self._server.running:
            await asyncio.to_thread(self._server.kill)

    # ---- the people ----

    async def _take_part(self, person: Typist | Watcher, address: Address, http: httpx.AsyncClient) -> None:
        try:
            async with socket_of(address, person.document, person.copy) as client:
                await person.catch_up(client)
                await self._crew.agree(person, client)
                self._begun.set()
                await person.work(client, self._step)
        except (LeftError, asyncio.BrokenBarrierError):
            assert self._ending, "a socket was cut while the server was well"
            await self._crew.gathering.abort()
            self._begun.set()
            self._enough.set()  # a point that is passed when a document is quiet may be passed before that

    async def _use_http(self, worker: Putter | Maker, http: httpx.AsyncClient) -> None:
        try:
            await self._begun.wait()
            await worker.work(http, self._step)
        except (LeftError, httpx.TransportError):
            assert self._ending, "a request was cut while the server was well"

    def _step(self) -> None:
        self._steps += 1
        if self._steps >= self._goal:
            self._enough.set()

    async def _end(self, death: Death | None, tasks: list[asyncio.Task[None]]) -> bool:
        name = death.name if death else "stop"
        if name in FAILPOINTS and not name.startswith(AT_STOP):
            async with asyncio.timeout(300):
                await asyncio.wait(tasks)
            assert await asyncio.to_thread(self._server.wait) == -signal.SIGKILL, f"{name} was not passed"
            self.summary.deaths[name] += 1
            return True
        await self._enough.wait()
        self._ending = True
        if name == "random":
            await asyncio.sleep(self._rng.random() * 0.01)  # anywhere between two steps
            await asyncio.to_thread(self._server.kill)
        else:
            code = await asyncio.to_thread(self._server.stop)
            if name != "stop" and code == 0:
                return False  # for what it does at its end a server has some seconds, which a slow disk may need before
            assert code == (0 if name == "stop" else -signal.SIGKILL)
        self.summary.deaths[name] += 1
        return True

    # ---- what is left ----

    async def _check_files(self) -> None:
        kept = await self._read()
        self._crew.check(kept)
        for ledger in self._crew.ledgers.values():
            received, neither = ledger.unacknowledged()
            self.summary.received += received
            self.summary.kept_by_authors += neither
        self.summary.acknowledged = self._crew.acknowledged
        self.summary.documents_made = len(self._crew.maker.made)
        self._texts = {document: one.text for document, one in kept.items()}

    async def _read(self) -> dict[str, Kept]:
        if self._database_url is not None:
            # What the server sent with its last breath may still be committed.
            await until_nobody_is_in(self._database_url)
            return await read_url(self._database_url, list(self._crew.ledgers))
        with tempfile.TemporaryDirectory(dir=self._folder) as folder:
            return await read_file(
                copy_database(self._folder / "data", Path(folder) / "copy"), list(self._crew.ledgers)
            )

    async def _check_answers(self, http: httpx.AsyncClient) -> None:
        for document, text in self._texts.items():
            got = await http.get(f"/api/documents/{document}")
            assert got.json()["content"] == text, "the server reads its log differently from Yjs"
        listed: dict[str, str] = {}
        url = f"/api/workspaces/{self._crew.maker.workspace}/documents?limit=1000"
        page = (await http.get(url)).json()
        while True:
            listed |= {item["path"]: item["id"] for item in page["items"]}
            if page["next_cursor"] is None:
                break
            page = (await http.get(url, params={"cursor": page["next_cursor"]})).json()
        assert self._crew.maker.made.keys() <= listed.keys(), "a document is lost"
        for path, text in self._crew.maker.take_tried().items():
            if path in listed:
                got = await http.get(f"/api/documents/{listed[path]}")
                assert got.json()["content"] == text, "a document was made by half"
