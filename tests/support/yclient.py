"""A y-websocket client for tests: pycrdt for the document, websockets for the wire, waiting on events alone."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, Self

from pycrdt import (
    Awareness,
    Decoder,
    Doc,
    Text,
    TransactionEvent,
    create_awareness_message,
    create_sync_message,
    create_update_message,
    handle_sync_message,
    read_message,
    write_var_uint,
)
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

SECONDS = 100.0  # for a busy machine; a wait ends as soon as what is waited for is there

SYNC, AWARENESS, QUERY_AWARENESS, SAVED = 0, 1, 3, 102


class YClient:
    """One socket on one document. Indices count characters, as Python does; the wire and pycrdt count bytes."""

    def __init__(self, socket: ClientConnection, doc: Doc[Any] | None = None) -> None:
        self.doc: Doc[Any] = doc if doc is not None else Doc()
        self.content = self.doc.get("content", type=Text)
        self.awareness = Awareness(self.doc)
        self.close_code: int | None = None
        self.close_reason = ""
        self.is_synced = False
        self.frames: list[bytes] = []
        """Every frame that came in, in order."""
        self.muted = False
        """Whether edits are kept from the wire, as if their frames were lost."""
        self._socket = socket
        self._outgoing: list[bytes] = []
        self._saved: set[bytes] = set()
        self._markers = itertools.count(1)
        self._changed = asyncio.Event()
        self._remote = False
        self._subscription = self.doc.observe(self._on_transaction)
        self._reader = asyncio.create_task(self._read())

    # ---- text ----

    @property
    def text(self) -> str:
        """The text as this client has it."""
        return str(self.content)

    async def insert(self, index: int, text: str) -> None:
        """Type `text` at `index`; returns when it is handed to the socket."""
        await self.edit(lambda content: content.insert(len(self.text[:index].encode()), text))

    async def append(self, text: str) -> None:
        """Type `text` at the end."""
        await self.insert(len(self.text), text)

    async def delete(self, index: int, length: int) -> None:
        """Delete `length` characters from `index` on."""
        start = len(self.text[:index].encode())
        end = len(self.text[: index + length].encode())

        def cut(content: Text) -> None:
            del content[start:end]

        await self.edit(cut)

    async def edit(self, change: Callable[[Text], None]) -> None:
        """Apply `change` in one transaction and send what it did."""
        with self.doc.transaction():
            change(self.content)
        await self._flush()

    async def saved(self, seconds: float = SECONDS) -> None:
        """Wait until the server says that everything sent so far is on the disk."""
        marker = b"marker-%d" % next(self._markers)
        await self.send(bytes([SAVED]) + marker)
        await self.wait_for(lambda: marker in self._saved, f"saved marker {marker!r}", seconds)

    # ---- presence ----

    @property
    def client_id(self) -> int:
        """The id under which this client writes and is present."""
        return self.doc.client_id

    @property
    def states(self) -> dict[int, dict[str, Any]]:
        """Who is here, by client id, this client included."""
        return self.awareness.states

    async def set_state(self, state: dict[str, Any] | None) -> None:
        """Say where this client is; None says that it goes."""
        self.awareness.set_local_state(state)
        update = self.awareness.encode_awareness_update([self.client_id])
        await self.send(create_awareness_message(update))

    async def awareness_of(self, client_id: int, clock: int, state: dict[str, Any]) -> None:
        """Claim a state for any client id."""
        raw = json.dumps(state).encode()
        entry = write_var_uint(client_id) + write_var_uint(clock) + write_var_uint(len(raw)) + raw
        await self.send(create_awareness_message(b"\x01" + entry))

    # ---- waiting ----

    async def synced(self, seconds: float = SECONDS) -> Self:
        """Wait until the server's state has come in."""
        await self.wait_for(lambda: self.is_synced, "sync", seconds)
        return self

    async def wait_for_text(self, wanted: str | Callable[[str], bool], seconds: float = SECONDS) -> None:
        """Wait until the text is `wanted`, or satisfies it."""
        test = wanted if callable(wanted) else lambda text: text == wanted
        await self.wait_for(lambda: test(self.text), f"text {wanted!r}", seconds)

    async def wait_for(self, condition: Callable[[], bool], what: str, seconds: float = SECONDS) -> None:
        """Wait until `condition` holds; asked again after every frame. AssertionError when it never does."""
        try:
            async with asyncio.timeout(seconds):
                while not condition():
                    if self.close_code is not None:
                        raise AssertionError(f"closed ({self.close_code} {self.close_reason}) while waiting for {what}")
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise AssertionError(f"no {what} within {seconds} s; the text is {self.text[:500]!r}") from None

    async def closed(self, seconds: float = SECONDS) -> tuple[int, str]:
        """Wait until the server has closed the socket: its code (1006 without a close frame) and reason."""
        async with asyncio.timeout(seconds):
            await asyncio.shield(self._reader)
        assert self.close_code is not None
        return self.close_code, self.close_reason

    # ---- the wire ----

    async def send(self, frame: bytes) -> None:
        """Send one frame as it is."""
        await self._socket.send(frame)

    async def start_sync(self) -> None:
        """Say what this client has, and ask for the rest and for who is here."""
        await self.send(create_sync_message(self.doc))
        await self.send(bytes([QUERY_AWARENESS]))

    async def close(self) -> None:
        """Leave."""
        self._subscription.drop()
        await self._socket.close()
        await asyncio.shield(self._reader)

    def _on_transaction(self, event: TransactionEvent) -> None:
        if not self._remote:
            self._outgoing.append(event.update)

    async def _flush(self) -> None:
        outgoing, self._outgoing = self._outgoing, []
        for update in outgoing if not self.muted else ():
            await self.send(create_update_message(update))

    async def _read(self) -> None:
        try:
            async for frame in self._socket:
                assert isinstance(frame, bytes)
                self.frames.append(frame)
                await self._handle(frame)
                self._changed.set()
        except ConnectionClosed:
            pass
        finally:
            self.close_code = self._socket.close_code or 1006
            self.close_reason = self._socket.close_reason or ""
            self._changed.set()

    async def _handle(self, frame: bytes) -> None:
        kind = frame[0]
        if kind == SYNC:
            self._remote = True
            try:
                reply = handle_sync_message(frame[1:], self.doc)
            finally:
                self._remote = False
            if frame[1] == 1:
                self.is_synced = True
            if reply is not None:
                await self.send(reply)
        elif kind == AWARENESS:
            self.awareness.apply_awareness_update(read_message(frame[1:]), "server")
        elif kind == SAVED:
            self._saved.add(frame[1:])
        else:
            raise AssertionError(f"unexpected message {Decoder(frame).read_var_uint()}")


@asynccontextmanager
async def connected(
    ws_url: str, document_id: str, token: str, *, doc: Doc[Any] | None = None, sync: bool = True, **query: str
) -> AsyncIterator[YClient]:
    """A client on `{ws_url}/{document_id}?token=...`; synced on entry unless `sync` is False. `doc` continues a local copy."""
    more = "".join(f"&{name}={value}" for name, value in query.items())
    async with connect(
        f"{ws_url}/{document_id}?token={token}{more}",
        max_size=None,
        compression=None,
        proxy=None,
        ping_interval=None,
        open_timeout=SECONDS,
    ) as socket:
        client = YClient(socket, doc)
        try:
            if sync:
                with suppress(ConnectionClosed):  # `synced` finds out whether it was before that
                    await client.start_sync()
                await client.synced()
            yield client
        finally:
            await client.close()


def forged_update(client: YClient, index: int, text: str) -> bytes:
    """An update that somebody else made under the id of `client`: `text` put in at a byte."""
    forged: Doc[Text] = Doc(client_id=client.client_id)
    forged.apply_update(client.doc.get_update())
    made: list[bytes] = []
    subscription = forged.observe(lambda event: made.append(event.update))
    forged.get("content", type=Text).insert(index, text)
    forged.unobserve(subscription)
    (update,) = made
    return update
