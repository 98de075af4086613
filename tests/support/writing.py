"""People at work on a server until it goes away: they type, watch, use HTTP, make documents, and note what they were promised."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count

import httpx
from websockets.exceptions import ConnectionClosed, InvalidMessage

from support.ledger import Copy, Ledger, boundaries, piece, pieces_in
from support.yclient import YClient, connected

# What a client says that was cut off without a word, or told that the server stops.
LEFT = ("closed (1006 ", "closed (1012 ")


@dataclass(frozen=True, slots=True)
class Address:
    """Where the server is now, and the API key that opens it."""

    url: str
    ws_url: str
    key: str


class LeftError(Exception):
    """The server is gone."""


@asynccontextmanager
async def socket_of(address: Address, document: str, copy: Copy) -> AsyncIterator[YClient]:
    """A socket for `copy`. `LeftError` when the server goes away; any other end is left as it is, to fail the test."""
    try:
        async with connected(address.ws_url, document, address.key, doc=copy.doc) as client:
            yield client
    except (ConnectionClosed, InvalidMessage, OSError, AssertionError) as error:
        # It may also go away while somebody is on the way in.
        if isinstance(error, AssertionError) and not str(error).startswith(LEFT):
            raise
        raise LeftError from error


class Typist:
    """Types pieces at random places and sometimes deletes one of their own."""

    def __init__(self, number: int, document: str, ledger: Ledger, rng: random.Random, *, deletes: bool = True) -> None:
        self.document = document
        self.copy = Copy()
        ledger.copies.append(self.copy)
        self._deletes = deletes
        self._number = number
        self._ledger = ledger
        self._rng = rng
        self._pieces = count()
        self._deleting: set[str] = set()

    async def catch_up(self, client: YClient) -> None:
        """Wait until what was typed before is acknowledged."""
        await self._acknowledged(client)

    async def work(self, client: YClient, progress: Callable[[], None]) -> None:
        """Type until the server goes."""
        while True:
            for _ in range(self._rng.randrange(1, 6)):
                await self._edit(client)
                progress()
            await self._acknowledged(client)
            progress()

    async def _acknowledged(self, client: YClient) -> None:
        written, deleting = set(self.copy.own), set(self._deleting)
        await client.saved()
        self._ledger.saved |= written
        self._ledger.deleted |= deleting

    async def _edit(self, client: YClient) -> None:
        text = self.copy.text
        mine = [one for one in pieces_in(text) if one in self.copy.own]
        if self._deletes and mine and (len(mine) > 40 or self._rng.random() < 0.25):
            victim = self._rng.choice(mine)
            self._deleting.add(victim)
            self._ledger.deleting.add(victim)
            await client.delete(text.index(victim), len(victim))
            return
        made = piece("t", self._number, next(self._pieces))
        self.copy.own.add(made)
        self._ledger.written.add(made)
        await client.insert(self._rng.choice(boundaries(text)), made)


class Watcher:
    """Reads along."""

    def __init__(self, document: str, ledger: Ledger) -> None:
        self.document = document
        self.copy = Copy()
        ledger.copies.append(self.copy)

    async def catch_up(self, client: YClient) -> None:
        """Nothing of its own to wait for."""

    async def work(self, client: YClient, progress: Callable[[], None]) -> None:
        """Read until the server goes."""

        def go_on() -> bool:
            progress()
            return False

        await client.wait_for(go_on, "the end", 600)


class Putter:
    """Reads and writes the whole text over HTTP."""

    def __init__(self, number: int, document: str, ledger: Ledger, rng: random.Random) -> None:
        self._document = document
        self._number = number
        self._ledger = ledger
        self._rng = rng
        self._pieces = count()

    async def work(self, client: httpx.AsyncClient, progress: Callable[[], None]) -> None:
        """Put until the server goes."""
        while True:
            got = await client.get(f"/api/documents/{self._document}")
            if got.status_code == 503:
                raise LeftError
            assert got.status_code == 200, got.text
            text = got.json()["content"]
            self._ledger.read |= set(pieces_in(text))
            made = piece("p", self._number, next(self._pieces))
            self._ledger.written.add(made)
            at = self._rng.choice(boundaries(text))
            answer = await client.put(
                f"/api/documents/{self._document}/content",
                json={"content": text[:at] + made + text[at:]},
                headers={"If-Match": got.headers["etag"]},
            )
            if answer.status_code == 503:
                raise LeftError
            assert answer.status_code in {200, 412}, answer.text
            (self._ledger.saved if answer.status_code == 200 else self._ledger.refused).add(made)
            progress()


@dataclass
class Maker:
    """Makes documents; each has its own path for a text, and keeps both."""

    workspace: str
    made: dict[str, str] = field(default_factory=dict)  # path -> text, answered with 201
    tried: dict[str, str] = field(default_factory=dict)
    _numbers: "count[int]" = field(default_factory=count)

    def take_tried(self) -> dict[str, str]:
        """What was tried since the last call, by path, answered or not."""
        tried, self.tried = self.tried, {}
        return tried

    async def work(self, client: httpx.AsyncClient, progress: Callable[[], None]) -> None:
        """Make documents until the server goes."""
        while True:
            number = next(self._numbers)
            path, text = f"made/{number}.md", f"# Nr. {number}\r\n\r\nGrüße 🎉\r\n" * (number % 3)
            self.tried[path] = text
            answer = await client.post(
                f"/api/workspaces/{self.workspace}/documents", json={"path": path, "content": text}
            )
            if answer.status_code == 503:
                raise LeftError
            assert answer.status_code == 201, answer.text
            self.made[path] = text
            progress()
            await asyncio.sleep(0.02)  # a document now and then; the typing is what matters
