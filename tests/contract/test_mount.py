"""What live editing expects of uvicorn and picows, of which some is not their public API."""

import asyncio
import inspect
import signal

import pytest
from picows.picows import WSProtocol  # type: ignore[attr-defined]  # in no stub
from starlette.applications import Starlette
from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import Server

from mdreader.features.collab import mount
from mdreader.features.collab.mount import CollabProtocol, CollabServer


def test_uvicorn_still_has_what_the_mount_overrides() -> None:
    assert issubclass(CollabProtocol, HttpToolsProtocol)
    for name in (
        "data_received",
        "_should_upgrade",
        "_should_upgrade_to_ws",
        "_unset_keepalive_if_required",
        "send_400_response",
    ):
        assert callable(getattr(HttpToolsProtocol, name)), name
    made = inspect.getsource(HttpToolsProtocol.__init__) + inspect.getsource(HttpToolsProtocol.on_message_begin)
    for name in (
        "self.parser",
        "self.transport",
        "self.client",
        "self.connections",
        "self.app_state",
        "self.headers",
        "self.url",
    ):
        assert f"{name} =" in made or f"{name}:" in made, name
    for method in (Server.startup, Server.shutdown, Server.main_loop, Server.on_tick):
        assert inspect.iscoroutinefunction(method), method.__name__


def test_picows_still_takes_a_socket_that_others_opened() -> None:
    for name in ("connection_made", "get_buffer", "buffer_updated", "connection_lost"):
        assert callable(getattr(WSProtocol, name)), name


async def test_a_server_hears_at_once_that_it_is_to_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mount, "TICK_SECONDS", 3600.0)
    server = CollabServer(Config(Starlette()), lambda: None)
    loop = asyncio.create_task(server.main_loop())
    await asyncio.sleep(0)
    assert not loop.done()
    server.handle_exit(signal.SIGTERM, None)
    async with asyncio.timeout(60):
        await loop
    assert server.should_exit
    assert server.server_state.default_headers  # the date
