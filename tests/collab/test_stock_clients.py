"""Clients that others wrote work unchanged: y-websocket from npm and pycrdt's own provider."""

import asyncio
import json
from pathlib import Path

from pycrdt import Channel, Doc, Provider, Text
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from collab.conftest import Team
from support.javascript import node
from support.yclient import connected

SCRIPTS = Path(__file__).parents[1] / "js"


async def test_y_websocket_from_npm(team: Team) -> None:
    document = team.document("start\n")
    process = await asyncio.create_subprocess_exec(
        node(),
        str(SCRIPTS / "stock-client.mjs"),
        team.server.ws_url,
        document,
        team.owner.access_token,
        "Ann 🎉\n",
        "Bob é\n",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(60):
        out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    said = json.loads(out)
    assert said["ann"] == said["bob"]
    assert sorted(said["ann"].split()) == sorted(["offline", "online", "Ann", "🎉", "start", "Bob", "é"])
    assert set(said["users"]) == {team.owner.id}
    async with connected(team.server.ws_url, document, team.owner.access_token) as witness:
        assert witness.text == said["ann"]


class SocketChannel(Channel):
    """What pycrdt's provider wants of a socket."""

    def __init__(self, socket: ClientConnection, path: str) -> None:
        self._socket = socket
        self._path = path

    @property
    def path(self) -> str:
        return self._path

    async def __anext__(self) -> bytes:
        try:
            return await self.recv()
        except ConnectionClosed:
            raise StopAsyncIteration from None

    async def send(self, message: bytes) -> None:
        await self._socket.send(message)

    async def recv(self) -> bytes:
        message = await self._socket.recv()
        assert isinstance(message, bytes)
        return message


async def test_the_provider_of_pycrdt(team: Team) -> None:
    document = team.document("start\n")
    doc: Doc[Text] = Doc()
    text = doc.get("content", type=Text)
    address = f"{team.server.ws_url}/{document}?token={team.owner.access_token}"
    async with connected(team.server.ws_url, document, team.owner.access_token) as witness:
        async with (
            connect(address, proxy=None, open_timeout=60) as socket,
            Provider(doc, SocketChannel(socket, document)) as provider,
        ):
            async with asyncio.timeout(60):
                await provider.synced.wait()
            assert str(text) == "start\n"
            text += "pycrdt 🎉\n"
            await witness.wait_for_text("start\npycrdt 🎉\n")
            seen = asyncio.Event()
            subscription = text.observe(lambda _event: seen.set())
            await witness.append("witness\n")
            async with asyncio.timeout(60):
                await seen.wait()
            text.unobserve(subscription)
            assert str(text) == "start\npycrdt 🎉\nwitness\n"
