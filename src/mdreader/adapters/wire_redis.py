"""One connection pair to Redis or Valkey for the bus: one hears (SUBSCRIBE), one speaks (PUBLISH, many in one round trip)."""

import asyncio
import contextlib
from collections.abc import Collection, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from mdreader.adapters.bus import Dial, Received, Wire, is_cancelled

# Seconds without a sign of life after which it is asked for one, and given up when none comes.
QUIET_SECONDS: Final = 2.0
SOCKET_SECONDS: Final = 2.0


def open_client(url: str) -> "Redis":
    """A client that fails at once instead of retrying by itself: whoever uses it knows what to do without Redis."""
    return Redis.from_url(
        url,
        protocol=2,
        socket_timeout=SOCKET_SECONDS,
        socket_connect_timeout=SOCKET_SECONDS,
        retry=Retry(NoBackoff(), 0),
        health_check_interval=0,
        client_name="mdreader",
    )


def namespace(url: str) -> str:
    """What every key and channel begins with. Channels know no database numbers, so the number is part of the name."""
    path = urlsplit(url).path.strip("/")
    return f"mdreader:{path if path.isdigit() else 0}:"


def redis_dial(client: "Redis", prefix: str) -> Dial:
    """How the bus opens a wire; `prefix` keeps the channels of two mdreaders on one Redis apart."""

    async def dial(received: Received) -> Wire:
        wire = RedisWire(client, prefix, received)
        await wire.open()
        return wire

    return dial


class RedisWire:
    """Implements `bus.Wire`."""

    def __init__(self, client: "Redis", prefix: str, received: Received) -> None:
        self._client = client
        self._pubsub: Any = client.pubsub()
        self._prefix = prefix
        self._received = received
        self._confirming: dict[str, asyncio.Future[None]] = {}
        self._reader: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Connect, and begin to read."""
        await self._pubsub.connect()
        self._reader = asyncio.get_running_loop().create_task(self._read())

    async def listen(self, channels: Collection[str]) -> None:
        """See `Wire.listen`."""
        loop = asyncio.get_running_loop()
        confirming = {self._prefix + channel: loop.create_future() for channel in channels}
        self._confirming.update(confirming)
        await self._pubsub.subscribe(*confirming)
        assert self._reader is not None  # noqa: S101 - open came first
        for future in confirming.values():
            ends: set[asyncio.Future[None]] = {future, self._reader}
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            if not future.done():
                await self._reader  # raises why it ended

    async def forget(self, channels: Collection[str]) -> None:
        """See `Wire.forget`."""
        await self._pubsub.unsubscribe(*(self._prefix + channel for channel in channels))

    async def send(self, messages: Sequence[tuple[str, bytes]]) -> None:
        """See `Wire.send`."""
        pipeline = self._client.pipeline(transaction=False)
        for channel, payload in messages:
            pipeline.publish(self._prefix + channel, payload)
        await pipeline.execute()

    async def run(self) -> None:
        """See `Wire.run`."""
        assert self._reader is not None  # noqa: S101 - open came first
        await self._reader

    async def _read(self) -> None:
        quiet = False
        prefix = len(self._prefix)
        while not is_cancelled():
            message = await self._pubsub.get_message(timeout=QUIET_SECONDS)
            if message is None:
                if quiet:
                    raise TimeoutError("no sign of life")
                quiet = True
                await self._pubsub.ping()
                continue
            quiet = False
            kind = message["type"]
            if kind == "message":
                self._received(message["channel"].decode()[prefix:], message["data"])
            elif kind == "subscribe":
                confirming = self._confirming.pop(message["channel"].decode(), None)
                if confirming is not None and not confirming.done():
                    confirming.set_result(None)

    async def close(self) -> None:
        """See `Wire.close`."""
        if self._reader is not None:
            self._reader.cancel()
            await asyncio.gather(self._reader, return_exceptions=True)
        for future in self._confirming.values():
            future.cancel()
        with contextlib.suppress(RedisError, OSError):
            await self._pubsub.aclose()
