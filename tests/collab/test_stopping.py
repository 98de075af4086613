"""A server that stops leaves nobody waiting, and nothing running."""

import asyncio
from typing import cast

import pytest
from fastapi import FastAPI

from mdreader.features.collab.rewrite import Rewrite
from mdreader.features.collab.room import Room
from mdreader.features.collab.rooms import Rooms
from mdreader.kernel.errors import UnavailableError
from mdreader.main import create_app
from mdreader.settings import Settings
from support.holding import holding_commits, holding_reads
from support.http import connect, new_document, new_workspace, signed_up


def rooms_of(app: FastAPI) -> Rooms:
    return cast("Rooms", app.state.runtime.live)


async def open_room(app: FastAPI) -> Room:
    async with connect(app) as client:
        owner = await signed_up(client)
        document = await new_document(client, owner, await new_workspace(client, owner), content="start\n")
    return await rooms_of(app).get(document)


async def test_who_waits_for_a_room_to_be_quiet_is_told_when_it_ends(app: FastAPI) -> None:
    room = await open_room(app)
    async with asyncio.timeout(60):
        async with holding_commits(app.state.runtime.database):
            write = asyncio.create_task(room.replace(Rewrite("written\n", None, "ann")))
            await asyncio.sleep(0)  # the task's one step, up to its wait
            quiet = asyncio.create_task(room.pipeline.quiesce())
            await asyncio.sleep(0)
            assert room.pipeline.busy
            room.broken("a test", "a test")
            await quiet
        with pytest.raises(UnavailableError):
            await write


async def test_who_reads_while_the_disk_is_slow_is_told_that_the_server_stops(app: FastAPI) -> None:
    room = await open_room(app)
    await room.at_settled(room.text)
    room.drop_content()
    rooms = rooms_of(app)
    async with asyncio.timeout(60):
        async with holding_reads(app.state.runtime.database):
            read = asyncio.create_task(room.at_settled(room.text))
            await asyncio.sleep(0)
            assert room.busy
            await rooms.drain()
        with pytest.raises(UnavailableError):
            await read


async def test_what_runs_in_the_background_has_ended_with_the_application(settings: Settings) -> None:
    app = create_app(settings)
    began = asyncio.Event()
    ended = asyncio.Event()

    async def work() -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            ended.set()

    async with app.router.lifespan_context(app):
        rooms_of(app).spawn(work())
        await began.wait()
    assert ended.is_set()
