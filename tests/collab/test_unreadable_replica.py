"""A document that pycrdt can no longer read ends its room, also when it is found out by an answer that waited for a commit."""

import asyncio
from typing import cast
from unittest.mock import Mock

import pytest
from fastapi import FastAPI

from mdreader.features.collab.closing import CloseCode
from mdreader.features.collab.connection import Connection
from mdreader.features.collab.content import Content
from mdreader.features.collab.pipeline import BROKEN
from mdreader.features.collab.protocol import encode_step1
from mdreader.features.collab.replica import EMPTY_STATE_VECTOR, ReplicaError
from mdreader.features.collab.rewrite import Rewrite
from mdreader.features.collab.rooms import Rooms
from support.holding import holding_commits
from support.http import connect, new_document, new_workspace, signed_up


def panics(_self: Content, _state_vector: bytes) -> bytes:
    raise ReplicaError("a test")


async def test_a_late_answer_that_cannot_be_made_ends_the_room(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    rooms = cast("Rooms", app.state.runtime.live)
    async with connect(app) as client:
        owner = await signed_up(client)
        document = await new_document(client, owner, await new_workspace(client, owner), content="start\n")
    room = await rooms.get(document)
    await room.at_settled(room.text)
    joiner = Mock(spec=Connection, room=room)
    room.join(joiner)
    async with asyncio.timeout(60):
        async with holding_commits(app.state.runtime.database):
            write = asyncio.create_task(room.replace(Rewrite("new\n", None, owner.id)))
            while room.pipeline.is_settled:  # noqa: ASYNC110 - until the commit has begun, which waits for the lock
                await asyncio.sleep(0)
            room.receive(joiner, encode_step1(EMPTY_STATE_VECTOR))
            monkeypatch.setattr(Content, "state_for", panics)
        assert (await write).text == "new\n"
        assert room.dead
        joiner.close.assert_called_once_with(CloseCode.TRY_AGAIN_LATER, BROKEN)
        monkeypatch.undo()
        assert (await rooms.read(document)).text == "new\n"
