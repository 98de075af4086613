"""One connection to PostgreSQL for the bus: LISTEN and NOTIFY, for a small cluster without Redis.

A notification is text of less than 8,000 bytes, so a message goes as base64, a long one in parts. The connection is the bus's own and
direct: a pooler that hands connections round (RDS Proxy, PgBouncer by transaction) forgets who listens.
"""

import asyncio
import contextlib
from base64 import b64decode, b64encode
from collections.abc import Callable, Collection, Sequence
from typing import Any, Final

import asyncpg

from mdreader.adapters.bus import Dial, Received, Wire, is_cancelled
from mdreader.db.postgres_address import PostgresAddress

# Of 7,999 bytes of text; a hundred are left for the part's number.
PART_BYTES: Final = 5_900
QUIET_SECONDS: Final = 2.0
COMMAND_SECONDS: Final = 2.0
_NOTIFY: Final = "SELECT pg_notify(c, p) FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS t(c, p, n) ORDER BY n"


def postgres_dial(address: PostgresAddress) -> Dial:
    """How the bus opens a wire."""

    async def dial(received: Received) -> Wire:
        url = address.url
        options = {**address.connect, "timeout": COMMAND_SECONDS, "command_timeout": COMMAND_SECONDS}
        connection = await (address.connector or asyncpg.connect)(
            user=url.username, password=url.password, port=url.port or 5432, database=url.database, **options
        )
        return PostgresWire(connection, received)

    return dial


class PostgresWire:
    """Implements `bus.Wire`."""

    def __init__(self, connection: "asyncpg.Connection[Any]", received: Received) -> None:
        self._connection = connection
        self._received = received
        self._turn = asyncio.Lock()  # one command at a time
        self._ended = asyncio.Event()
        self._sending: asyncio.Task[None] | None = None
        self._failure: Exception | None = None
        self._serial = 0  # PostgreSQL leaves out what a transaction has said already: no two messages are alike
        self._parts: dict[int, tuple[str, list[str]]] = {}
        connection.add_termination_listener(self._on_end)

    async def listen(self, channels: Collection[str]) -> None:
        """See `Wire.listen`."""
        async with self._turn:
            for channel in channels:
                await self._connection.add_listener(_name(channel), self._on_notification)

    async def forget(self, channels: Collection[str]) -> None:
        """See `Wire.forget`."""
        async with self._turn:
            for channel in channels:
                await self._connection.remove_listener(_name(channel), self._on_notification)

    def send(self, messages: Sequence[tuple[str, bytes]], sent: Callable[[], None]) -> None:
        """See `Wire.send`."""
        self._sending = asyncio.get_running_loop().create_task(self._notify(messages, sent))

    async def _notify(self, messages: Sequence[tuple[str, bytes]], sent: Callable[[], None]) -> None:
        names: list[str] = []
        payloads: list[str] = []
        for channel, payload in messages:
            self._serial += 1
            count = -(-len(payload) // PART_BYTES) or 1
            for index in range(count):
                names.append(_name(channel))
                part = b64encode(payload[index * PART_BYTES : (index + 1) * PART_BYTES]).decode()
                payloads.append(f"{self._serial}/{index}/{count} {part}")
        try:
            async with self._turn:
                await self._connection.execute(_NOTIFY, names, payloads)
        except Exception as error:  # noqa: BLE001 - whatever it is, `run` raises it
            self._failure = error
            self._ended.set()
        else:
            sent()

    async def run(self) -> None:
        """See `Wire.run`."""
        while not is_cancelled():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(QUIET_SECONDS):
                    await self._ended.wait()
            if self._ended.is_set():
                raise self._failure or ConnectionResetError("the connection has ended")
            async with self._turn:
                await self._connection.execute("SELECT 1")

    def _on_end(self, _connection: object) -> None:
        self._ended.set()

    def _on_notification(self, _connection: object, pid: int, channel: str, text: object) -> None:
        place, _, part = str(text).partition(" ")
        serial, index, count = place.split("/")
        if count == "1":
            self._received(_channel(channel), b64decode(part))
            return
        # The parts of one message come in order and unmixed: they were sent in one transaction.
        if index == "0":
            self._parts[pid] = (serial, [])
        begun, parts = self._parts.get(pid, ("", []))
        if begun != serial or len(parts) != int(index):
            return  # its beginning was before this server listened
        parts.append(part)
        if len(parts) == int(count):
            del self._parts[pid]
            self._received(_channel(channel), b"".join(map(b64decode, parts)))

    async def close(self) -> None:
        """See `Wire.close`."""
        self._connection.remove_termination_listener(self._on_end)
        if self._sending is not None:
            self._sending.cancel()
        with contextlib.suppress(Exception):
            async with asyncio.timeout(1):
                await self._connection.close()
        self._connection.terminate()


def _name(channel: str) -> str:
    return f"mdreader_{channel}"


def _channel(name: str) -> str:
    return name.removeprefix("mdreader_")
