"""One connection to Redis or Valkey for the bus: RESP3, over which one hears and speaks at once.

redis-py makes an object and several turns of the event loop of each message, which was a fifth of a server's time with two servers
on one document. Here hiredis, its parser, reads what came in one go, and a batch of messages is one write and one wait.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Any, Final, cast

import hiredis
from redis.asyncio import Redis
from redis.exceptions import AuthenticationError, RedisError

from mdreader.adapters.bus import Dial, Received, Wire
from mdreader.adapters.redis_client import CLIENT_NAME

# Seconds without a sign of life after which it is asked for one, and given up when none comes.
QUIET_SECONDS: Final = 1.5


def redis_dial(client: "Redis", prefix: str) -> Dial:
    """How the bus opens a wire to where `client` goes; `prefix` keeps the channels of two mdreaders on one Redis apart."""

    async def dial(received: Received) -> Wire:
        pool: Any = client.connection_pool
        connection = pool.make_connection()  # never connected: it says where, as whom and how
        loop = asyncio.get_running_loop()
        wire = RedisWire(prefix, received)
        path = getattr(connection, "path", None)
        if path is not None:
            await loop.create_unix_connection(lambda: wire, path)
        else:
            context = getattr(connection, "ssl_context", None)
            ssl = None if context is None else context.get()
            await loop.create_connection(lambda: wire, connection.host, connection.port, ssl=ssl)
        try:
            await wire.greet(connection.username, connection.password)
        except BaseException:
            await wire.close()
            raise
        return wire

    return dial


class RedisWire(asyncio.Protocol):
    """Implements `bus.Wire`."""

    def __init__(self, prefix: str, received: Received) -> None:
        self._prefix = prefix
        self._received = received
        self._names: dict[bytes, str] = {}  # channels that are listened to, without the prefix
        self._confirming: dict[bytes, asyncio.Future[None]] = {}
        # One for each command under way: whom to tell of its answer; None: nobody.
        self._replies: deque[Callable[[], None] | None] = deque()
        self._parser: Any = hiredis.Reader()
        self._lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._transport: asyncio.Transport | None = None
        self._quiet: asyncio.TimerHandle | None = None
        self._heard_anything = False
        self._asked = False

    # ---- bus.Wire ----

    async def greet(self, username: str | None, password: str | None) -> None:
        """Say who we are, and that this is to be RESP3."""
        login = ("AUTH", username or "default", password) if password else ()
        try:
            await self._command("HELLO", "3", *login, "SETNAME", CLIENT_NAME)
        except RedisError as error:
            if str(error).startswith(("WRONGPASS", "NOAUTH")):
                raise AuthenticationError(str(error)) from None
            raise RedisError(f"it does not speak RESP3 (Redis 6 or later, or Valkey, does): {error}") from None
        self._look_for_life()

    async def listen(self, channels: Collection[str]) -> None:
        """See `Wire.listen`."""
        loop = asyncio.get_running_loop()
        confirming = {}
        for channel in channels:
            name = (self._prefix + channel).encode()
            self._names[name] = channel
            confirming[name] = self._confirming[name] = loop.create_future()
        self._write(("SUBSCRIBE", *confirming))
        await self._all(confirming.values())

    async def forget(self, channels: Collection[str]) -> None:
        """See `Wire.forget`."""
        names = [(self._prefix + channel).encode() for channel in channels]
        for name in names:
            self._names.pop(name, None)
        self._write(("UNSUBSCRIBE", *names))

    def send(self, messages: Sequence[tuple[str, bytes]], sent: Callable[[], None]) -> None:
        """See `Wire.send`."""
        if self._lost.done():
            return
        prefix = self._prefix
        self._write(*[("PUBLISH", prefix + channel, payload) for channel, payload in messages])
        # Answers come in the order of the commands; the first that is an error ends the wire.
        self._replies.extend([None] * (len(messages) - 1))
        self._replies.append(sent)

    async def run(self) -> None:
        """See `Wire.run`."""
        await asyncio.shield(self._lost)

    async def close(self) -> None:
        """See `Wire.close`."""
        self._end(ConnectionError("closed"))

    # ---- asyncio.Protocol ----

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It stands."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are no children of it

    def data_received(self, data: bytes) -> None:
        """Take in everything that came."""
        self._heard_anything = True
        try:
            self._parser.feed(data)
            while (message := self._parser.gets()) is not False and not self._lost.done():
                if type(message) is hiredis.PushNotification:
                    self._pushed(message)
                else:
                    self._answered(message)
        except hiredis.ProtocolError as error:
            self._end(ConnectionError(f"unreadable: {error}"))

    def connection_lost(self, error: Exception | None) -> None:
        """It is cut."""
        self._end(error or ConnectionError("Redis closed the connection"))

    # ---- what comes ----

    def _pushed(self, message: list[Any]) -> None:
        kind = message[0]
        if kind == b"message":
            channel = self._names.get(message[1])
            if channel is not None:
                self._received(channel, message[2])
        elif kind == b"subscribe":
            confirming = self._confirming.pop(message[1], None)
            if confirming is not None and not confirming.done():
                confirming.set_result(None)

    def _answered(self, answer: Any) -> None:
        tell = self._replies.popleft() if self._replies else None
        if isinstance(answer, hiredis.ReplyError):
            self._end(RedisError(str(answer)))
        elif tell is not None:
            tell()

    # ---- what goes ----

    async def _command(self, *words: str) -> None:
        answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._write(words)
        self._replies.append(partial(_resolve, answered))
        await self._all([answered])

    def _write(self, *commands: tuple[Any, ...]) -> None:
        if self._transport is None or self._lost.done():
            raise ConnectionError("the connection to Redis is cut")
        self._transport.write(b"".join(map(hiredis.pack_command, commands)))

    async def _all(self, futures: Collection["asyncio.Future[None]"]) -> None:
        """Wait for all of them, or raise why the wire ended."""
        for future in futures:
            if not future.done():
                await asyncio.wait((future, self._lost), return_when=asyncio.FIRST_COMPLETED)
            if not future.done():
                self._lost.result()
            future.result()

    # ---- its life ----

    def _look_for_life(self) -> None:
        self._quiet = asyncio.get_running_loop().call_later(QUIET_SECONDS, self._look)

    def _look(self) -> None:
        if self._heard_anything:
            self._asked = False
        elif self._asked:
            self._end(TimeoutError("no sign of life"))
            return
        else:
            self._asked = True
            self._write(("PING",))
            self._replies.append(None)
        self._heard_anything = False
        self._look_for_life()

    def _end(self, why: Exception) -> None:
        if self._lost.done():
            return
        self._lost.set_exception(why)
        self._lost.exception()  # seen: whoever waits gets it, and nobody needs to wait
        if self._quiet is not None:
            self._quiet.cancel()
        if self._transport is not None:
            # A cut wire owes nobody anything: what was not answered is sent again over the next one.
            self._transport.abort()


def _resolve(future: "asyncio.Future[None]") -> None:
    if not future.done():
        future.set_result(None)
