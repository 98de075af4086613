"""A room that failed while it told of a commit is not left half told: what is stored is answered, and everybody reads it anew."""

import asyncio
from typing import cast

import pytest
from fastapi import FastAPI

from mdreader.features.collab.closing import CloseCode
from mdreader.features.collab.rewrite import Rewrite
from mdreader.features.collab.rooms import Rooms
from support.http import connect, new_document, new_workspace, signed_up
from support.sides import Typist
from support.waiting import eventually


@pytest.mark.parametrize("also_the_farewell", [False, True], ids=["a frame", "a frame and the farewell"])
async def test_a_failure_while_a_commit_is_told_ends_the_room(app: FastAPI, also_the_farewell: bool) -> None:
    rooms = cast("Rooms", app.state.runtime.live)
    async with connect(app) as client:
        owner = await signed_up(client)
        document = await new_document(client, owner, await new_workspace(client, owner), content="start\n")
    room = await rooms.get(document)
    first, second = Typist(room, owner.id), Typist(room, owner.id)
    await eventually(lambda: second.connection.live and first.connection.live, "both in the room")

    def fails(*_: object) -> None:
        raise RuntimeError("a test")

    first.connection.send = fails
    if also_the_farewell:
        first.connection.close = fails
    async with asyncio.timeout(60):
        answer = await room.replace(Rewrite("new\n", None, owner.id))
    assert answer.text == "new\n"  # it is stored, and who asked for it hears so
    await eventually(lambda: room.dead, "end of the room")
    assert second.connection.close.call_args.args[0] is CloseCode.TRY_AGAIN_LATER
    again = await rooms.get(document)
    assert again is not room
    third = Typist(again, owner.id)
    await third.reads("new\n")
    third.type("and on\n")
    await third.saved()
    assert (await rooms.read(document)).text == "new\nand on\n"
