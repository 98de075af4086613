"""What is stored of a text only ever becomes newer, and many texts are not stored all at once."""

import asyncio
from collections.abc import Sequence
from typing import cast

import pytest
from fastapi import FastAPI
from sqlalchemy import text

from mdreader.db.engine import Transaction
from mdreader.features.collab import folding, projection
from mdreader.features.collab.folding import Capture
from mdreader.features.collab.projection import Projector
from mdreader.features.collab.room import Room
from mdreader.features.collab.rooms import Rooms
from mdreader.features.collab.storage import fresh_text, load
from mdreader.runtime import Runtime
from support.http import connect, new_document, new_workspace, signed_up


async def test_a_capture_that_waited_is_not_stored_over_a_newer_one(
    app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime: Runtime = app.state.runtime
    rooms = cast("Rooms", runtime.live)
    async with connect(app) as client:
        owner = await signed_up(client)
        workspace = await new_workspace(client, owner)
        first, slow = [
            await rooms.get(await new_document(client, owner, workspace, path=f"{name}.md", content="start\n"))
            for name in "ab"
        ]
    real = Room.capture
    waits, go_on = asyncio.Event(), asyncio.Event()

    async def capture(room: Room, *, fold: bool) -> Capture:
        if room is slow:
            waits.set()
            await go_on.wait()
        return await real(room, fold=fold)

    monkeypatch.setattr(Room, "capture", capture)
    projector = Projector(runtime.database, runtime.clock, runtime.jobs)
    async with asyncio.timeout(60):
        for room in (first, slow):
            await rooms.replace(room.document_id, "older\n", user_id=owner.id, expected_etag=None)
        both = asyncio.create_task(projector.project([first, slow], fold=True))
        await waits.wait()
        await rooms.replace(first.document_id, "newer\n", user_id=owner.id, expected_etag=None)
        one = asyncio.create_task(projector.project([first], fold=True))
        async with runtime.database.write():
            go_on.set()  # whoever comes first in the queue for the database, the older capture is there before the newer
        await asyncio.gather(both, one)
    async with runtime.database.read() as conn:
        stored = await load(conn, first.document_id)
        text = await fresh_text(conn, first.document_id)
    assert stored is not None
    assert stored.seq == first.seq
    assert text is not None
    assert text.text == "newer\n"


async def test_many_documents_are_stored_a_few_at_a_time(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    for seconds in ("QUIET_SECONDS", "LATEST_SECONDS"):
        monkeypatch.setattr(
            projection, seconds, 1000
        )  # the server's own look must not come between, however slow the disk
    runtime: Runtime = app.state.runtime
    rooms = cast("Rooms", runtime.live)
    async with connect(app) as client:
        owner = await signed_up(client)
        workspace = await new_workspace(client, owner)
        ids = [await new_document(client, owner, workspace, path=f"{n}.md", content="start\n") for n in range(8)]
    large = "x" * 300
    for document in ids:
        await rooms.replace(document, "new\n" if document in ids[:5] else large, user_id=owner.id, expected_etag=None)
    stored: list[int] = []
    real = folding.store_captures

    async def counting(tx: Transaction, captures: Sequence[Capture]) -> set[str]:
        stored.append(len(captures))
        return await real(tx, captures)

    monkeypatch.setattr(folding, "store_captures", counting)
    monkeypatch.setattr(projection, "ROOMS_AT_ONCE", 2)
    monkeypatch.setattr(projection, "BYTES_AT_ONCE", 400)
    await Projector(runtime.database, runtime.clock, runtime.jobs).project(
        [await rooms.get(document) for document in ids]
    )
    assert stored == [2, 2, 2, 2]
    monkeypatch.setattr(projection, "ROOMS_AT_ONCE", 25)
    for document in ids:
        await rooms.replace(document, large + "\n", user_id=owner.id, expected_etag=None)
    stored.clear()
    await Projector(runtime.database, runtime.clock, runtime.jobs).project(
        [await rooms.get(document) for document in ids]
    )
    assert stored == [2, 2, 2, 2]
    for document in ids:
        async with runtime.database.read() as conn:
            text = await fresh_text(conn, document)
        assert text is not None
        assert text.text == large + "\n"


@pytest.mark.parametrize(
    "dialect", ["postgresql"], scope="session", indirect=True
)  # on SQLite one server stores in turns
async def test_what_another_server_folded_meanwhile_stays(app: FastAPI) -> None:
    """This server's capture waits for the head that another server holds, which folds a newer row."""
    runtime: Runtime = app.state.runtime
    rooms = cast("Rooms", runtime.live)
    async with connect(app) as client:
        owner = await signed_up(client)
        workspace = await new_workspace(client, owner)
        room = await rooms.get(await new_document(client, owner, workspace, content="start\n"))
    await rooms.replace(room.document_id, "older\n", user_id=owner.id, expected_etag=None)
    older = await room.capture(fold=True)
    await rooms.replace(room.document_id, "newer\n", user_id=owner.id, expected_etag=None)
    newer = await room.capture(fold=True)
    waiting = asyncio.Event()

    async def store_the_older() -> set[str]:
        async with runtime.database.write() as tx:
            waiting.set()
            return await folding.store_captures(tx, [older])

    async with asyncio.timeout(60):
        async with runtime.database.write() as tx:
            await folding.store_captures(tx, [newer])
            late = asyncio.create_task(store_the_older())
            await waiting.wait()
            async with runtime.database.read() as conn:
                while not await conn.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")):  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
        assert await late == set()
    async with runtime.database.read() as conn:
        stored, shown = await load(conn, room.document_id), await fresh_text(conn, room.document_id)
    assert stored is not None
    assert stored.seq == newer.seq
    assert shown is not None
    assert shown.text == "newer\n"
