"""What live editing expects of uvicorn and picows, of which some is not their public API."""

import inspect

from picows.picows import WSProtocol  # type: ignore[attr-defined]  # in no stub
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import Server

from mdreader.features.collab.mount import CollabProtocol


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
    assert inspect.iscoroutinefunction(Server.shutdown)


def test_picows_still_takes_a_socket_that_others_opened() -> None:
    for name in ("connection_made", "get_buffer", "buffer_updated", "connection_lost"):
        assert callable(getattr(WSProtocol, name)), name
