"""Two servers, people who write on both, and what happens to the link between the servers or to the servers themselves."""

import asyncio
import random
import re
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from pycrdt import Doc, Text
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from collab.conftest import Team, make_team
from support.chaos import ChaosProxy
from support.postgres import Postgres
from support.redis import RedisServer
from support.server import Server
from support.waiting import eventually
from support.yclient import YClient, connected

HEAL_SECONDS = 2.0
AWAY_SECONDS = 5.0


@dataclass
class Outcome:
    """What the faults did. Seconds."""

    acknowledged: int = 0
    healed: list[float] = field(default_factory=list)
    away: list[float] = field(default_factory=list)


class Writer:
    """Somebody who writes lines that nobody else writes, and comes back when the socket is closed, as the page does."""

    def __init__(self, name: str, teams: tuple[Team, Team], side: int, document: str, outcome: Outcome) -> None:
        self.name = name
        self.saved: list[str] = []
        self.client: YClient | None = None
        self.doc: Doc[Any] = Doc()
        self.rests = asyncio.Event()  # writes nothing now, and everything is saved
        self.go = asyncio.Event()
        self.go.set()
        self._teams = teams
        self._side = side
        self._document = document
        self._outcome = outcome
        self._written = 0
        self._unsaved: list[str] = []

    @property
    def text(self) -> str:
        """The text as it stands on this screen."""
        return str(self.doc.get("content", type=Text))

    async def work(self) -> None:
        """Write until cancelled, wherever a server takes us in."""
        gone: float | None = None
        while True:
            team = self._teams[self._side]
            try:
                async with connected(
                    team.server.ws_url, self._document, team.owner.access_token, doc=self.doc
                ) as client:
                    if gone is not None:
                        self._outcome.away.append(time.perf_counter() - gone)
                        gone = None
                    self.client = client
                    await self._write(client)
            except (AssertionError, OSError, ConnectionClosed, InvalidHandshake, EOFError):
                gone = gone if gone is not None else time.perf_counter()
                self.client = None
                self._side = 1 - self._side  # as behind a load balancer, which sends to who is ready
                await asyncio.sleep(random.uniform(0.05, 0.3))

    async def _write(self, client: YClient) -> None:
        if self._unsaved:  # what the last server did not acknowledge went along with the first exchange
            await client.saved()
            self._acknowledge()
        while True:
            if not self.go.is_set():
                try:
                    await self._until_closed_or(self.go, client)
                finally:
                    self.rests.clear()
            line = f"{self.name}.{self._written}"
            self._written += 1
            self._unsaved.append(line)
            # Before somebody's line: in the middle of one it would not be found again.
            places = [0, *(match.end() for match in re.finditer("\n", client.text))]
            await client.insert(random.choice(places), f"{line}\n")
            if self._written % 5 == 0:
                await client.saved()
                self._acknowledge()
                await asyncio.sleep(random.uniform(0.01, 0.08))

    async def _until_closed_or(self, event: asyncio.Event, client: YClient) -> None:
        await client.saved()
        self._acknowledge()
        self.rests.set()
        waiting = asyncio.create_task(event.wait())
        closing = asyncio.create_task(client.closed(3600))
        await asyncio.wait({waiting, closing}, return_when=asyncio.FIRST_COMPLETED)
        closed = not waiting.done()
        for task in (waiting, closing):
            task.cancel()
        await asyncio.gather(waiting, closing, return_exceptions=True)
        if closed:
            raise ConnectionError

    def _acknowledge(self) -> None:
        self.saved += self._unsaved
        self._outcome.acknowledged += len(self._unsaved)
        self._unsaved.clear()


class Office:
    """The servers, the services, the proxy between them, and the people."""

    def __init__(self) -> None:
        self.outcome = Outcome()
        self.redis: RedisServer | None = None
        self.proxies: list[ChaosProxy] = []
        self._writers: list[Writer] = []
        self._servers: list[Server] = []
        self.teams: tuple[Team, Team]
        self._documents: list[str] = []

    @classmethod
    @asynccontextmanager
    async def open(cls, folder: Path, *, bus: str, people: int, documents: int = 2) -> AsyncIterator[Self]:
        """Everything started, everybody writing; `people` on each server."""
        office = cls()
        async with AsyncExitStack() as stack:
            postgres = await asyncio.to_thread(Postgres(durable=True).start)
            stack.callback(postgres.discard)
            url = postgres.new_database()
            services: list[dict[str, str]] = [{"DATABASE_URL": url}, {"DATABASE_URL": url}]
            if bus == "redis":
                office.redis = RedisServer(folder).start()
                stack.callback(office.redis.kill)
                for service in services:  # each server has a link of its own
                    proxy = stack.enter_context(ChaosProxy(office.redis.port))
                    office.proxies.append(proxy)
                    service["REDIS_URL"] = f"redis://127.0.0.1:{proxy.port}/0"
            for number, service in enumerate(services):
                server = Server(folder / f"server-{number}", **service)
                stack.callback(server.kill)
                office._servers.append(await asyncio.to_thread(server.start))
            team = await asyncio.to_thread(make_team, office._servers[0])
            office.teams = (team, replace(team, server=office._servers[1]))
            office._documents = [await asyncio.to_thread(team.document, "") for _ in range(documents)]
            for number in range(2 * people):
                document = office._documents[number // 2 % documents]
                office._writers.append(Writer(f"w{number}", office.teams, number % 2, document, office.outcome))
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(writer.work()) for writer in office._writers]
                try:
                    yield office
                finally:
                    for task in tasks:
                        task.cancel()

    async def fault(self, kind: str, seconds: float) -> None:
        """Cut one server's link or both for so long, then see how soon all texts are equal."""
        await asyncio.sleep(0.3)
        proxies = self.proxies[: random.randint(1, len(self.proxies))] if random.random() < 0.7 else self.proxies[1:]
        if kind == "kill":
            assert self.redis is not None
            await asyncio.to_thread(self.redis.kill)
            await asyncio.sleep(seconds)
            await asyncio.to_thread(self.redis.start)
        else:
            for proxy in proxies:
                await asyncio.to_thread(getattr(proxy, kind))
            await asyncio.sleep(seconds)
            for proxy in proxies:
                await asyncio.to_thread(proxy.heal)
        healed = time.perf_counter()
        await self._pause()
        await self._equal(60)
        self.outcome.healed.append(time.perf_counter() - healed)
        await self._go_on()

    async def restart(self, side: int) -> None:
        """Stop one server in order and start it again, while the other goes on."""
        await asyncio.sleep(1)
        server = self._servers[side]
        code = await asyncio.to_thread(server.stop)
        assert code == 0, "it did not stop in order"
        await asyncio.to_thread(server.start)
        for writer in self._writers:
            await eventually(lambda one=writer: one.client is not None, "everybody back")  # type: ignore[misc]

    async def check(self) -> None:
        """Nothing is lost, all are equal, on every screen and on either server."""
        await self._pause()
        await self._equal(60)
        for document in self._documents:
            texts = {await asyncio.to_thread(team.content, document) for team in self.teams}
            assert len(texts) == 1, "the servers answer differently"
            text = texts.pop()
            lines = Counter(text.split("\n"))
            for writer in self._of(document):
                assert writer.text == text, f"{writer.name} sees another text"
                for line in writer.saved:
                    assert lines[line] == 1, f"{line} was acknowledged, and stands there {lines[line]} times"

    def check_promptness(self) -> None:
        """Nobody waited long. For campaigns, which have the machine for themselves."""
        if self.outcome.healed:
            late = [seconds for seconds in self.outcome.healed if seconds > HEAL_SECONDS]
            assert not late, f"texts were equal only {late} s after healing"
        away = [seconds for seconds in self.outcome.away if seconds > AWAY_SECONDS]
        assert not away, f"somebody was away for {away} s"

    def _of(self, document: str) -> list[Writer]:
        return [writer for writer in self._writers if writer._document == document]

    async def _pause(self) -> None:
        for writer in self._writers:
            writer.go.clear()
        async with asyncio.timeout(60):
            for writer in self._writers:
                await writer.rests.wait()

    async def _go_on(self) -> None:
        for writer in self._writers:
            writer.go.set()
        for writer in self._writers:  # or the next pause would find somebody at rest who is about to begin
            await eventually(lambda one=writer: not one.rests.is_set(), "everybody at work")  # type: ignore[misc]

    async def _equal(self, seconds: float) -> None:
        for document in self._documents:
            writers = self._of(document)
            await eventually(lambda of=writers: len({one.text for one in of}) == 1, "equal texts", seconds)  # type: ignore[misc]
