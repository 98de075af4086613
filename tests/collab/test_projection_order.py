"""What is stored of a text only ever becomes newer."""

import asyncio
from typing import cast

import pytest
from fastapi import FastAPI

from mdreader.features.collab.projection import Projector
from mdreader.features.collab.room import Room
from mdreader.features.collab.rooms import Rooms
from mdreader.features.collab.storage import Capture, fresh_text, load
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
    projector = Projector(runtime.database, runtime.clock)
    async with asyncio.timeout(10):
        for room in (first, slow):
            await rooms.replace(room.document_id, "older\n", user_id="ann", expected_etag=None)
        both = asyncio.create_task(projector.project([first, slow], fold=True))
        await waits.wait()
        await rooms.replace(first.document_id, "newer\n", user_id="ann", expected_etag=None)
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
