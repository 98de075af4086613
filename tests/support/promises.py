"""A server in this process that notes each promise at the moment it makes it: what it sends to whom, and what it answers."""

import asyncio
import json
import re
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import pytest
import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mdreader.features.collab.connection import Connection
from mdreader.features.collab.mount import CollabProtocol, CollabServer
from mdreader.features.collab.reception import Reception
from mdreader.main import create_app
from mdreader.settings import Settings
from support.ledger import pieces_in

_UPDATES = {b"\0\1", b"\0\2"}
_MARKER = 0x66


class Promise(NamedTuple):
    """Pieces of a document that somebody has now, or knows to be saved; or a document's text, by its path."""

    document: str
    pieces: frozenset[str]
    path: str = ""
    text: str = ""


def watch_sockets(patch: pytest.MonkeyPatch, note: Callable[[Promise], None]) -> None:
    """Note what goes out over sockets: updates, and markers for what their sender had sent before."""
    real_receive = Reception.receive
    sent_by: dict[Connection, set[str]] = {}
    marked: dict[tuple[Connection, bytes], frozenset[str]] = {}

    def receive(reception: Reception, connection: Connection, payload: bytes) -> None:
        if payload[:2] in _UPDATES:
            sent_by.setdefault(connection, set()).update(_pieces(payload))
        elif payload[0] == _MARKER:
            marked[connection, payload] = frozenset(sent_by.get(connection, ()))
        real_receive(reception, connection, payload)

    def noted(real: Callable[..., None]) -> Callable[..., None]:
        def send(connection: Connection, payload: bytes, *kind: Any) -> None:
            real(connection, payload, *kind)
            pieces = _pieces(payload) if payload[:2] in _UPDATES else marked.get((connection, payload))
            if pieces:
                note(Promise(connection.document_id, pieces))

        return send

    patch.setattr(Reception, "receive", receive)
    for name in ("send", "send_apart"):
        patch.setattr(Connection, name, noted(getattr(Connection, name)))


def _pieces(payload: bytes) -> frozenset[str]:
    return frozenset(pieces_in(payload.decode("utf-8", "replace")))


class Witness:
    """ASGI around the application: notes what a 200 to a PUT and a 201 to a new document promise."""

    def __init__(self, app: ASGIApp, note: Callable[[Promise], None]) -> None:
        self._app = app
        self._note = note

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = b""

        async def read() -> Message:
            nonlocal body
            message = await receive()
            body += message.get("body", b"")
            return message

        async def answer(message: Message) -> None:
            await send(message)
            if message["type"] != "http.response.start":
                return
            put = re.fullmatch(r"/api/documents/(.+)/content", scope["path"])
            if put and message["status"] == 200:
                self._note(Promise(put[1], frozenset(pieces_in(json.loads(body)["content"]))))
            elif scope["path"].endswith("/documents") and message["status"] == 201:
                made = json.loads(body)
                self._note(Promise("", frozenset(), made["path"], made["content"]))

        await self._app(scope, read, answer)


@asynccontextmanager
async def serving(settings: Settings, note: Callable[[Promise], None]) -> AsyncIterator[str]:
    """A server with all its parts on this event loop; gives its URL."""
    app = create_app(settings)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(
            Witness(app, note),
            http=CollabProtocol,
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=5,
        )
        server = CollabServer(config, lambda: getattr(app.state, "runtime", None))
        listening = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started:
            assert not listening.done(), "the server did not start"
            await asyncio.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            await listening
