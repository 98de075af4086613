"""People at work on one server through any number of its faults, with what each of them was promised."""

import asyncio
import random
from collections.abc import Mapping

import httpx

from support.http import signed_up_at
from support.ledger import Ledger, pieces_in
from support.server import Server
from support.stored import Kept
from support.writing import Maker, Putter, Typist, Watcher
from support.yclient import YClient


class Crew:
    """`documents` with so many `typists` and a watcher each; somebody writes each over HTTP, and one makes more of them."""

    def __init__(self, server: Server, rng: random.Random, *, documents: int, typists: int) -> None:
        self.server = server
        self.ledgers: dict[str, Ledger] = {}
        self.people: list[Typist | Watcher] = []
        self.maker = Maker("")
        self.workers: list[Putter | Maker] = [self.maker]
        self.key = ""
        self.gathering: asyncio.Barrier
        self._rng = rng
        self._counts = (documents, typists)

    async def start(self) -> None:
        """Start the server; make an account, a workspace and documents."""
        await asyncio.to_thread(self.server.start)
        owner = await asyncio.to_thread(signed_up_at, self.server.url)
        async with httpx.AsyncClient(base_url=self.server.url, headers=owner.headers, timeout=60) as client:
            self.key = (await client.post("/api/keys", json={"name": "crew", "scope": "write"})).json()["key"]
            self.maker.workspace = (await client.post("/api/workspaces", json={"name": "Crew"})).json()["id"]
            documents, typists = self._counts
            for number in range(documents):
                path = f"/api/workspaces/{self.maker.workspace}/documents"
                made = await client.post(path, json={"path": f"{number}.md", "content": ""})
                assert made.status_code == 201, made.text
                document, ledger = made.json()["id"], Ledger()
                self.ledgers[document] = ledger
                self.people += [Typist(10 * number + n, document, ledger, self._rng) for n in range(typists)]
                self.people.append(Watcher(document, ledger))
                self.workers.append(Putter(number, document, ledger, self._rng))

    def http(self) -> httpx.AsyncClient:
        """Their client, for one life of the server."""
        headers = {"Authorization": f"Bearer {self.key}"}
        return httpx.AsyncClient(base_url=self.server.url, headers=headers, timeout=60)

    def gather(self) -> None:
        """Everybody is to meet again."""
        self.gathering = asyncio.Barrier(len(self.people))

    async def agree(self, person: Typist | Watcher, client: YClient) -> bool:
        """Everybody is there and nobody types: all copies become equal, and hold what was promised. True for one of them."""
        ledger = self.ledgers[person.document]
        await self.gathering.wait()
        # Whatever people typed and kept through the fault comes to every copy, once.
        kept = set().union(*(copy.own for copy in ledger.copies)) - ledger.deleting
        await client.wait_for_text(lambda text: kept == set(pieces_in(text)) & (kept | ledger.deleting))
        await self.gathering.wait()
        assert len({copy.text for copy in ledger.copies}) == 1, "copies differ"
        ledger.check(person.copy.text)
        return await self.gathering.wait() == 0

    def check(self, kept: Mapping[str, Kept]) -> None:
        """What is stored holds what was promised. Raises AssertionError."""
        for document, ledger in self.ledgers.items():
            ledger.check(kept[document].text)

    @property
    def acknowledged(self) -> int:
        """How many pieces of text were acknowledged."""
        return sum(len(ledger.saved) for ledger in self.ledgers.values())
