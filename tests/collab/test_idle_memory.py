"""What one more socket that does nothing keeps in memory, and one more room."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from collab.conftest import Team, make_team
from mdreader.features.collab import protocol
from mdreader.features.collab.awareness import encode_awareness
from support.rawsocket import RawSocket, frame
from support.server import Server
from support.waiting import eventually

TEXT = "Sixty characters of text, which is as long as this line is.\n" * 40
SOCKETS = 100
ROOMS = 40
# Bytes, more than is measured (7,800 and 10,000) by what two runs differ and a little change may cost. Of a socket's 3,072 are picows' two
# buffers; a request kept with its headers is 2,500 more.
A_SOCKET = 9000
A_ROOM_WITH_A_SOCKET = 11_500
STATE = b'{"user":{"name":"somebody","color":"#aabbcc"},"cursor":{"anchor":1234,"head":1234}}'


@pytest.fixture
def weighed(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path / "data").of("support.weighed", Path(__file__).parent.parent).start()
    yield server
    server.kill()


async def weight(server: Server) -> int:
    """What is allocated, once it stays the same: what comes of joins and of written texts is over then."""

    def found() -> list[int]:
        return [json.loads(line)["weight"] for line in list(server.log) if line.startswith('{"weight"')]

    async def look() -> int:
        before = len(found())
        os.kill(server.pid, signal.SIGUSR1)
        await eventually(lambda: len(found()) > before, "weight")
        return found()[-1]

    async with asyncio.timeout(100):
        now, last = await look(), None
        while last is None or abs(now - last) > 500:
            await asyncio.sleep(1)
            now, last = await look(), now
    return now


async def counted(team: Team, *, sockets: int, rooms: int) -> None:
    """Wait until there are so many: while a slow disk has something of a room, the weight stays the same for a while, too."""
    wanted = {f"mdreader_connections {sockets:.1f}", f"mdreader_rooms {rooms:.1f}"}
    await eventually(lambda: wanted <= set(team.request("GET", "/metrics").text.split("\n")), f"{wanted}")


@asynccontextmanager
async def idle(team: Team, documents: list[str], first_client: int) -> AsyncIterator[None]:
    """A socket on each of `documents` that has the text, has said where its cursor is, and then nothing more."""
    sockets = []
    for client, document in enumerate(documents, first_client):
        socket = await RawSocket.open(team.server.url, document, team.owner.access_token)
        state = protocol.encode_awareness_frame(encode_awareness([(client, 1, STATE)]))
        await socket.send(frame(protocol.encode_step1(b"\x00")) + frame(state))
        assert await socket.answers(b"here")
        sockets.append(socket)
    yield
    for socket in sockets:
        socket.abort()


async def test_an_idle_socket_and_an_idle_room_keep_little(weighed: Server) -> None:
    team = await asyncio.to_thread(make_team, weighed)
    documents = [await asyncio.to_thread(team.document, TEXT) for _ in range(ROOMS + 1)]
    await eventually(lambda: 'kind="documents.files"' in team.request("GET", "/metrics").text, "file written")
    crowd, rooms = [documents[0]] * SOCKETS, documents[1:]
    async with idle(team, documents[:1], 1):
        async with idle(team, crowd, 100), idle(team, rooms, 1000):
            pass  # what is kept of the first time is no socket's
        await counted(team, sockets=1, rooms=1)
        empty = await weight(weighed)
        async with idle(team, crowd, 100):
            await counted(team, sockets=1 + SOCKETS, rooms=1)
            with_sockets = await weight(weighed)
            async with idle(team, rooms, 1000):
                await counted(team, sockets=1 + SOCKETS + ROOMS, rooms=1 + ROOMS)
                with_rooms = await weight(weighed)
    a_socket = (with_sockets - empty) / SOCKETS
    a_room = (with_rooms - with_sockets) / ROOMS
    assert 3072 < a_socket < A_SOCKET
    assert a_socket < a_room < A_ROOM_WITH_A_SOCKET
