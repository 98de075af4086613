"""Live editing on uvicorn's own port: an upgrade for our path is handed from uvicorn to picows, everything else stays ASGI.

ASGI middleware does not run here, so the origin and the peer are looked at here. picows' protocol class is not public API; both
versions are pinned and a contract test holds them to what this file expects.
"""

import asyncio
import contextlib
import logging
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httptools
import uvicorn
from picows import WSAutoPingStrategy, WSUpgradeRequest, WSUpgradeResponse, WSUpgradeResponseWithListener
from picows.picows import WSProtocol  # type: ignore[attr-defined]  # in no stub; see tests/contract/test_mount.py
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from mdreader.features.collab.connection import Connection
from mdreader.features.collab.joining import join, rooms_of
from mdreader.http.client_address import direct_peer
from mdreader.http.origin import origin_allowed
from mdreader.http.origin_proof import HEADER, came_through
from mdreader.kernel.metrics import REFUSED
from mdreader.runtime import Runtime

PREFIX = b"/api/collab/"
HANDSHAKE_SECONDS = 10.0
TICK_SECONDS = 1.0
_PROOF = HEADER.encode()


class _Quiet:
    """A logger for picows that says nothing: it would make a logger object for every connection."""

    def __getattr__(self, _name: str) -> Any:
        return self._nothing

    @staticmethod
    def _nothing(*_args: object, **_kwargs: object) -> bool:
        return False


_QUIET = _Quiet()


class _Nobody(asyncio.Protocol):
    """Comes between two protocols: uvloop keeps `data_received` of the one before when the next has none, and with it all that it knew."""

    @staticmethod
    def data_received(_data: bytes) -> None:
        """Never called. Static, so that what uvloop keeps is one function for all sockets."""


_NOBODY = _Nobody()
# Picows keeps the request and the answer as long as the socket; nobody asks for them once the handshake is over.
_SWITCHING = WSUpgradeResponse.create_101_response()


class CollabProtocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol that knows one more thing: how to let go of a socket."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """As uvicorn's; and what it brings ends a rest of the event loop."""
        super().connection_made(transport)
        runtime: Runtime | None = self.app_state.get("runtime")
        if runtime is not None:
            rooms_of(runtime).doors.watch(transport.get_extra_info("socket").fileno())

    def data_received(self, data: bytes) -> None:
        """As uvicorn's, but what follows an upgrade request in the same segment is kept for the new protocol."""
        self._unset_keepalive_if_required()
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            if self._should_upgrade() and self.url.startswith(PREFIX):
                self._hand_over(data[upgrade.args[0] :])
            elif self._should_upgrade():
                self._refuse(404, "no_such_path")
            else:
                self._unsupported_upgrade_warning()
        except httptools.HttpParserError:
            self.send_400_response("Invalid HTTP request received.")

    def _should_upgrade_to_ws(self) -> bool:
        return True

    def _refuse(self, status: int, why: str) -> None:
        REFUSED.labels(why).inc()
        phrase = {403: b"Forbidden", 404: b"Not Found", 503: b"Service Unavailable"}[status]
        self.transport.write(b"HTTP/1.1 %d %b\r\ncontent-length: 0\r\nconnection: close\r\n\r\n" % (status, phrase))
        self.transport.close()

    def _hand_over(self, rest: bytes) -> None:
        runtime: Runtime | None = self.app_state.get("runtime")
        if runtime is None or rooms_of(runtime).draining:
            self._refuse(503, "leaving")
            return
        headers = {name: value.decode("latin-1") for name, value in self.headers}
        peer = direct_peer(self.client[0] if self.client else "", {name.decode("latin-1") for name in headers})
        if not came_through(runtime.policy, urlsplit(self.url.decode("latin-1")).path, headers.get(_PROOF)):
            self._refuse(403, "past_the_proxy")
            return
        if not origin_allowed(runtime.policy, headers.get(b"origin"), headers.get(b"host", "")):
            self._refuse(403, "foreign_origin")
            return
        parts = urlsplit(self.url.decode("latin-1"))
        query = parse_qs(parts.query)
        rooms = rooms_of(runtime)
        connection = Connection(rooms, parts.path[len(PREFIX) :])
        connection.on_open = lambda: join(
            runtime, connection, query.get("token", [""])[0], query.get("epoch", [None])[0], peer
        )
        rooms.doors.ignore(self.transport.get_extra_info("socket").fileno())
        self._become(connection, headers, rest)

    def _become(self, connection: Connection, headers: dict[bytes, str], rest: bytes) -> None:
        def listener(_request: WSUpgradeRequest) -> WSUpgradeResponseWithListener:
            return WSUpgradeResponseWithListener(_SWITCHING, connection)

        self.connections.discard(self)
        self._unset_keepalive_if_required()
        protocol = WSProtocol(
            host_port=None,
            ws_path=None,
            is_client_side=False,
            ws_listener_factory=listener,
            logger=_QUIET,
            disconnect_on_exception=True,
            websocket_handshake_timeout=HANDSHAKE_SECONDS,
            enable_auto_ping=False,  # the rooms send one heartbeat round for all, without a task a socket
            auto_ping_idle_timeout=20,
            auto_ping_reply_timeout=20,
            auto_ping_strategy=WSAutoPingStrategy.PING_WHEN_IDLE,
            enable_auto_pong=False,
            max_frame_size=connection.max_frame_bytes,
            extra_headers=None,
            read_buffer_init_size=2048,
        )
        # The transport first: what picows writes in answer to the request must find its protocol in place.
        self.transport.set_protocol(_NOBODY)
        self.transport.set_protocol(protocol)
        protocol.connection_made(self.transport)
        # A request of our own making: no token reaches picows, and a long Cookie header costs no buffer.
        lines = [b"GET /api/collab HTTP/1.1"]
        lines += [
            name + b": " + headers[name].encode("latin-1")
            for name in (b"host", b"upgrade", b"connection", b"sec-websocket-version", b"sec-websocket-key")
            if name in headers
        ]
        feed(protocol, b"\r\n".join(lines) + b"\r\n\r\n" + rest)
        request: WSUpgradeRequest | None = protocol.transport.request
        if request is not None:
            del request.method, request.path, request.version, request.headers
        # The parser and this object hold each other, kilobytes a socket that only the cycle collector would find.
        for name in ("parser", "transport", "flow", "scope", "headers", "cycle"):
            setattr(self, name, None)


def feed(protocol: WSProtocol, data: bytes) -> None:
    """Give bytes to a buffered protocol as a transport would."""
    view = memoryview(data)
    while view:
        buffer = protocol.get_buffer(-1)
        size = min(len(buffer), len(view))
        buffer[:size] = view[:size]
        del buffer
        protocol.buffer_updated(size)
        view = view[size:]


class CollabServer(uvicorn.Server):
    """uvicorn's server that drains live editing before it closes connections."""

    def __init__(self, config: uvicorn.Config, runtime: Any) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._told = asyncio.Event()
        super().__init__(config)
        self._runtime = runtime

    async def startup(self, sockets: list[Any] | None = None) -> None:
        """As uvicorn does; and who comes to a socket that listens ends a rest of the event loop."""
        await super().startup(sockets)
        runtime = self._runtime()
        for listener in (found for server in self.servers for found in server.sockets) if runtime is not None else ():
            rooms_of(runtime).doors.watch(listener.fileno())

    async def main_loop(self) -> None:
        """As uvicorn's, which looks ten times a second whether it is to end: this is told, and looks once a second for the date's sake."""
        self._loop = asyncio.get_running_loop()
        while not await self.on_tick(0):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(TICK_SECONDS):
                    await self._told.wait()

    @property
    def should_exit(self) -> bool:
        """Whether it is to end; a signal's handler says so."""
        return self._is_to_exit

    @should_exit.setter
    def should_exit(self, value: bool) -> None:
        self._is_to_exit = value
        if value and self._loop is not None:
            self._loop.call_soon_threadsafe(self._told.set)

    async def shutdown(self, sockets: list[Any] | None = None) -> None:
        """No new sockets, everything acknowledged is on the disk, clients are told 1012; then as uvicorn does."""
        runtime = self._runtime()
        if runtime is not None:
            await rooms_of(runtime).drain()
        await super().shutdown(sockets)


logging.getLogger("picows").setLevel(logging.WARNING)
