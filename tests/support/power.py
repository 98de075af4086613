"""People at work on a disk whose power is cut again and again: what was synced is left, the rest sector by sector or not at all."""

import asyncio
import random
import shutil
import sqlite3
from collections import defaultdict
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from mdreader.db import wal_sync
from mdreader.features.collab import projection, rooms
from mdreader.settings import load_settings
from support.disk import Disk, Replay, recording
from support.http import signed_up_at
from support.ledger import Ledger, pieces_in
from support.promises import Promise, serving, watch_sockets
from support.stored import NAME, read_file
from support.writing import Address, LeftError, Maker, Putter, Typist, socket_of


class Findings(NamedTuple):
    """How much was tried; that it all went well is shown by there being any."""

    cuts: int
    promises: int
    disk_events: int


async def run(
    folder: Path, empty_database: Path, patch: pytest.MonkeyPatch, *, steps: int, cuts: int, seed: int
) -> Findings:
    """Work for so many steps, then cut the power at about `cuts` moments of it. Raises AssertionError for a broken promise."""
    # Everything that writes comes often, so that each meets each.
    patch.setattr(wal_sync, "CHECKPOINT_SYNCS", 5)
    patch.setattr(projection, "QUIET_SECONDS", 0.05)
    patch.setattr(projection, "FOLD_ROWS", 20)
    patch.setattr(rooms, "TICK_SECONDS", 0.05)
    data = folder / "data"
    data.mkdir()
    shutil.copy(empty_database, data / NAME)
    before = {str(data / NAME): (data / NAME).read_bytes()}
    rng = random.Random(seed)
    with recording(data) as disk:
        watch_sockets(patch, disk.note)
        async with serving(load_settings(data=data), disk.note) as url:
            documents = await _work(url, rng, steps)
    return await _cut_often(disk, before, documents, rng, folder=folder, wanted=cuts)


async def _work(url: str, rng: random.Random, wanted: int) -> list[str]:
    """Let people write until there was enough of it; the documents they wrote in."""
    owner = await asyncio.to_thread(signed_up_at, url)
    async with httpx.AsyncClient(base_url=url, headers=owner.headers, timeout=60) as http:
        workspace = (await http.post("/api/workspaces", json={"name": "Power"})).json()["id"]
        documents = []
        for number in range(2):
            body = {"path": f"{number}.md", "content": ""}
            documents.append((await http.post(f"/api/workspaces/{workspace}/documents", json=body)).json()["id"])
        address = Address(url, url.replace("http", "ws", 1) + "/api/collab", owner.access_token)
        steps = 0
        enough = asyncio.Event()

        def step() -> None:
            nonlocal steps
            steps += 1
            if steps >= wanted:
                enough.set()

        async def typing(typist: Typist) -> None:
            async with socket_of(address, typist.document, typist.copy) as client:
                await typist.work(client, step)

        tasks = [asyncio.create_task(Maker(workspace).work(http, step))]
        for number, document in enumerate(documents):
            ledger = Ledger()
            tasks.append(asyncio.create_task(Putter(number, document, ledger, rng).work(http, step)))
            for person in range(2):
                typist = Typist(10 * number + person, document, ledger, rng, deletes=False)
                tasks.append(asyncio.create_task(typing(typist)))
        async with asyncio.timeout(600):
            await asyncio.wait([asyncio.create_task(enough.wait()), *tasks], return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        for ended in await asyncio.gather(*tasks, return_exceptions=True):
            assert isinstance(ended, asyncio.CancelledError | LeftError), ended
        assert enough.is_set()
        return documents


async def _cut_often(
    disk: Disk, before: dict[str, bytes], documents: list[str], rng: random.Random, *, folder: Path, wanted: int
) -> Findings:
    promised: dict[str, set[str]] = defaultdict(set)
    made: dict[str, str] = {}
    promises = sum(isinstance(event, Promise) for event in disk.events)
    # Right after a promise is when it is easiest to break.
    after_promise, elsewhere = wanted * 2 / 3 / promises, wanted / 3 / (len(disk.events) - promises)
    cuts = 0
    replay = Replay(disk, before)
    for event in replay:
        if isinstance(event, Promise):
            promised[event.document] |= event.pieces
            if event.path:
                made[event.path] = event.text
        likely = after_promise if isinstance(event, Promise) else elsewhere
        if len(made) < len(documents) or rng.random() >= likely:
            continue
        cuts += 1
        left = folder / f"cut-{cuts}"
        left.mkdir()
        replay.cut(left, rng)
        kept = await read_file(left / NAME, documents, by_yjs=cuts % 10 == 0)
        for document in documents:
            found = pieces_in(kept[document].text)
            assert "".join(found) == kept[document].text
            assert len(found) == len(set(found))
            assert promised[document] <= set(found), f"lost: {sorted(promised[document] - set(found))[:5]}"
        texts = _made_texts(left / NAME)
        assert made.items() <= texts.items() | {(f"{number}.md", "") for number in range(len(documents))}
        shutil.rmtree(left)
    return Findings(cuts, promises, len(disk.events) - promises)


def _made_texts(database: Path) -> dict[str, str]:
    """The projected text of each document, by path."""
    with closing(sqlite3.connect(database)) as connection:
        rows = connection.execute(
            "SELECT path, text, eol FROM documents JOIN document_texts t ON t.document_id = id JOIN document_heads USING (document_id)"
        )
        return {path: text.replace("\n", "\r\n") if eol == "crlf" else text for path, text, eol in rows}
