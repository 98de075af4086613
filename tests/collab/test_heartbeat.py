"""Sockets that show no sign of life are cut, and a server that stops takes no new ones."""

import asyncio
from collections.abc import AsyncIterator
from typing import cast

import httpx
import pytest
from fastapi import FastAPI
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from mdreader.features.collab import rooms
from mdreader.features.collab.rooms import Rooms
from mdreader.kernel.metrics import REGISTRY
from mdreader.main import create_app
from mdreader.settings import Settings
from support import promises
from support.http import Person, new_document, new_workspace, signed_up
from support.rawsocket import RawSocket
from support.yclient import connected

PING = 0x9
BEAT_SECONDS = 2.5


class Served:
    """A server on this event loop, somebody, and a document of theirs."""

    app: FastAPI
    url: str
    person: Person
    document: str

    @property
    def ws_url(self) -> str:
        return self.url.replace("http", "ws", 1) + "/api/collab"

    @property
    def rooms(self) -> Rooms:
        return cast("Rooms", self.app.state.runtime.live)


@pytest.fixture
def dialect() -> str:
    return "sqlite"  # nothing of it reaches the database


@pytest.fixture
def beating(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beats to wait for, and for nobody else: this process may stand still for longer than one, and then people are cut off."""
    monkeypatch.setattr(rooms, "HEARTBEAT_SECONDS", BEAT_SECONDS)
    monkeypatch.setattr(rooms, "TICK_SECONDS", BEAT_SECONDS / 10)


@pytest.fixture
async def served(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Served]:
    made = Served()

    def kept(of: Settings) -> FastAPI:
        made.app = create_app(of)
        return made.app

    monkeypatch.setattr(promises, "create_app", kept)
    async with promises.serving(settings, lambda _: None) as made.url:
        async with httpx.AsyncClient(base_url=made.url, timeout=60) as client:
            made.person = await signed_up(client)
            workspace = await new_workspace(client, made.person)
            made.document = await new_document(client, made.person, workspace)
        yield made


def counted(reason: str) -> float:
    return REGISTRY.get_sample_value("mdreader_refused_total", {"reason": reason}) or 0.0


async def test_who_answers_no_ping_is_cut_and_who_does_stays(beating: None, served: Served) -> None:
    before = counted("no_heartbeat")
    async with connected(served.ws_url, served.document, served.person.access_token) as living:
        silent = await RawSocket.open(served.url, served.document, served.person.access_token)
        pings = 0
        async with asyncio.timeout(60):
            while (frame := await silent.next_frame()) is not None:
                pings += frame[0] == PING
        silent.abort()
        assert pings == 1  # at the second one it had not answered the first
        assert counted("no_heartbeat") == before + 1
        await living.append("still here\n")
        await living.saved()


async def test_a_server_that_stops_takes_no_new_sockets(served: Served) -> None:
    before = counted("leaving")
    address = f"{served.ws_url}/{served.document}?token={served.person.access_token}"
    async with connect(address, proxy=None, open_timeout=60) as socket:
        await socket.recv()
        stopping = asyncio.create_task(served.rooms.drain())
        async with asyncio.timeout(60):
            await socket.wait_closed()
        assert socket.close_code == 1012
        with pytest.raises(InvalidStatus) as refused:
            async with connect(address, proxy=None, open_timeout=60):
                pass
        assert refused.value.response.status_code == 503
        assert counted("leaving") == before + 1
        await stopping


async def test_people_are_told_to_come_back_at_moments_of_their_own(served: Served) -> None:
    address = f"{served.ws_url}/{served.document}?token={served.person.access_token}"
    sockets = [await connect(address, proxy=None, open_timeout=60) for _ in range(20)]
    await served.rooms.drain()
    async with asyncio.timeout(60):
        await asyncio.gather(*(socket.wait_closed() for socket in sockets))
    reasons = [socket.close_reason or "" for socket in sockets]
    waits = {int(reason.removeprefix("retry-in-ms=")) for reason in reasons}
    assert len(waits) > 10
    assert max(waits) - min(waits) > 1_000
    assert min(waits) > 0
    assert max(waits) < 10_000
