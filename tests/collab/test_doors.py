"""What a socket may not do before it is known who opens it and what they may."""

from typing import cast

import pytest
from fastapi import FastAPI

from collab.conftest import Team
from mdreader.features.accounts.tokens import mint_operator_token
from mdreader.features.collab.connection import Connection
from mdreader.features.collab.joining import join
from mdreader.features.collab.rooms import Rooms
from mdreader.kernel.clock import SystemClock
from mdreader.runtime import Runtime
from support.http import connect, new_document, new_workspace, signed_up
from support.rawsocket import RawSocket, upgrade_request


async def test_a_stranger_has_no_document_loaded(app: FastAPI) -> None:
    runtime: Runtime = app.state.runtime
    rooms = cast("Rooms", runtime.live)
    async with connect(app) as client:
        owner, stranger = await signed_up(client), await signed_up(client)
        document = await new_document(client, owner, await new_workspace(client, owner))
    await join(runtime, Connection(rooms, document), stranger.access_token, None, "127.0.0.1")
    assert rooms.peek(document) is None
    await join(runtime, Connection(rooms, document), owner.access_token, None, "127.0.0.1")
    assert rooms.peek(document) is not None


@pytest.mark.sqlite_only("the secret of a server on PostgreSQL is not in its data folder")
@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-IP", "Forwarded"])
async def test_nobody_is_operator_on_a_socket_through_a_proxy(team: Team, header: str) -> None:
    document = team.document("text\n")
    secret = (team.server.data / "secret.key").read_bytes()
    token = mint_operator_token(secret, team.owner.id, SystemClock().now())
    for extra, expected in (((f"{header}: 127.0.0.1",), 4401), ((), None)):
        socket = await RawSocket.connect(team.server.url)
        await socket.send(upgrade_request(document, token, *extra))
        assert (await socket.head()).startswith(b"HTTP/1.1 101")
        if expected is None:
            got = await socket.next_frame()
            assert got is not None
            assert got[1].startswith(b"\0\0")  # the room's question for what we have
        else:
            assert await socket.close_code() == expected
        socket.abort()
