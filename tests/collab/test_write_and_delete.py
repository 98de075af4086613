"""A text and what stands of it in the tree are stored together, or neither is; whoever writes to what is being deleted is told so."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import cast

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import update

from mdreader.db.wal_sync import Done, WalSync
from mdreader.features.collab.rooms import Rooms
from mdreader.features.collab.storage import load
from mdreader.features.documents.tables import documents
from mdreader.kernel.events import DocumentsRemoved
from mdreader.runtime import Runtime
from support.http import Person, connect, new_document, new_workspace, signed_up


class Desk:
    """Somebody with a few documents."""

    def __init__(self, app: FastAPI, client: httpx.AsyncClient, owner: Person, ids: list[str]) -> None:
        self.runtime: Runtime = app.state.runtime
        self.rooms = cast("Rooms", self.runtime.live)
        self.ids = ids
        self._client, self._owner = client, owner

    async def put(self, document: str) -> httpx.Response:
        headers = {**self._owner.headers, "If-Match": "*", "Content-Type": "text/markdown"}
        return await self._client.put(f"/api/documents/{document}/content", content="# New\n", headers=headers)

    async def on_its_way(self, document: str) -> None:
        """Wait until something is to be committed for the document."""
        async with asyncio.timeout(60):
            while (room := self.rooms.peek(document)) is None or not room.pipeline.busy:  # noqa: ASYNC110 - a busy room tells nobody
                await asyncio.sleep(0)

    async def rows(self, document: str) -> int:
        async with self.runtime.database.read() as conn:
            stored = await load(conn, document)
        assert stored is not None
        return stored.log_rows


@asynccontextmanager
async def desk_of(app: FastAPI, number: int) -> AsyncIterator[Desk]:
    async with connect(app) as client:
        owner = await signed_up(client)
        workspace = await new_workspace(client, owner)
        yield Desk(
            app,
            client,
            owner,
            [await new_document(client, owner, workspace, path=f"{n}.md", content="old\n") for n in range(number)],
        )


@pytest.mark.sqlite_only("it counts how often SQLite's log is synced")
async def test_a_write_waits_for_the_disk_once(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    async with desk_of(app, 1) as desk:
        synced: list[Done] = []
        real = WalSync.sync
        ours = ContextVar("ours", default=False)  # jobs have theirs to store meanwhile, and on a slow disk often do

        def counting(wal: WalSync, done: Done) -> None:
            if ours.get():
                synced.append(done)
            real(wal, done)

        monkeypatch.setattr(WalSync, "sync", counting)
        ours.set(True)
        written = (await desk.put(desk.ids[0])).json()
        assert len(synced) == 1
        assert (written["title"], written["size"]) == ("New", 6)
        assert written["rev"] > 1


async def test_a_write_to_a_document_that_is_deleted_meanwhile_stores_nothing(app: FastAPI) -> None:
    async with desk_of(app, 2) as desk:
        gone, other = desk.ids
        async with desk.runtime.database.write() as tx:
            # First, and seen by nobody yet: on PostgreSQL this row is all that holds the write up until it is committed.
            await tx.conn.execute(update(documents).where(documents.c.id == gone).values(deleted_at=1))
            puts = [asyncio.create_task(desk.put(document)) for document in (gone, other)]
            await desk.on_its_way(gone)
        answers = await asyncio.gather(*puts)
        assert [(answer.status_code, answer.json().get("code")) for answer in answers] == [
            (404, "not_found"),
            (200, None),
        ]
        assert (await desk.rows(gone), await desk.rows(other)) == (0, 1)


async def test_a_write_into_a_room_that_closes_because_of_a_deletion_answers_404(app: FastAPI) -> None:
    async with desk_of(app, 1) as desk:
        (document,) = desk.ids
        async with desk.runtime.database.write():
            put = asyncio.create_task(desk.put(document))
            await desk.on_its_way(document)
            desk.runtime.fanout.publish(DocumentsRemoved(document_ids=(document,)))
            answer = await put
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
