"""Attacks on the socket that are not a matter of one frame's bytes: floods, lies about lengths, hoarding, slow updates."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from itertools import islice

from support.rawsocket import BINARY, CONTINUATION, PING, RawSocket, frame, upgrade_request
from unit.yjs.build import Section, text, uint, update

STEP1_OF_ALL = b"\0\0\1\0"
CLIENT = 4_000_000_000


@dataclass(frozen=True, slots=True)
class Ground:
    """Where an attack takes place: a document that `token` may write to. `scale` 1 is the full attack."""

    url: str
    document: str
    token: str
    scale: float

    def times(self, number: int) -> int:
        """`number`, scaled."""
        return max(1, int(number * self.scale))

    @asynccontextmanager
    async def socket(self) -> AsyncIterator[RawSocket]:
        """A socket with a seat in the room."""
        made = await RawSocket.open(self.url, self.document, self.token)
        try:
            assert (await made.next_frame()) is not None
            yield made
        finally:
            made.abort()


Attack = Callable[[Ground], Awaitable[None]]


def message(update_bytes: bytes) -> bytes:
    """A frame with an update in it."""
    return frame(b"\0\2" + uint(len(update_bytes)) + update_bytes)


async def _pour(socket: RawSocket, parts: Iterator[bytes], seconds: float = 60) -> int:
    """Send parts until they or the server's patience end; the close code, 0 if there is none."""
    reading = asyncio.create_task(socket.close_code(60))
    with suppress(ConnectionError):
        for part in parts:
            if reading.done():
                break
            await socket.send(part)
            # Else nothing is read before all is sent: the server cuts two seconds after its farewell, and the cut overtakes that.
            await asyncio.sleep(0)
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            return await asyncio.shield(reading)
    reading.cancel()
    return 0


async def tiny_fragments(ground: Ground) -> None:
    """Empty fragments without end."""
    async with ground.socket() as socket:
        await socket.send(frame(b"\0", BINARY, fin=False))
        many = frame(b"", CONTINUATION, fin=False) * 1000
        assert await _pour(socket, (many for _ in range(ground.times(200)))) == 4429


async def fragments_after_the_farewell(ground: Ground) -> None:
    """A message that grows on and on, past the close frame."""
    async with ground.socket() as socket:
        await socket.send(frame(b"\0", BINARY, fin=False))
        many = frame(b"x" * 500_000, CONTINUATION, fin=False)
        assert await _pour(socket, (many for _ in range(ground.times(400)))) in {1009, 4429, 1006}


async def huge_lengths(ground: Ground) -> None:
    """Frames that say they are larger than they are."""
    for length in (2**20 * 12, 2**31, 2**40, 2**62):
        async with ground.socket() as socket:
            await socket.send(frame(b"\0\2", length=length))
            assert await socket.close_code() == 1009
    async with ground.socket() as socket:
        await socket.send(frame(b"\0\2", length=2**63))
        assert await socket.close_code() == 1002
    waiting = []
    for _ in range(ground.times(100)):  # and those that are just allowed, and never come
        socket = await RawSocket.open(ground.url, ground.document, ground.token)
        await socket.send(frame(b"\0\2", length=5_000_000))
        waiting.append(socket)
    for socket in waiting:
        socket.abort()


async def pings(ground: Ground) -> None:
    """More pings than anybody needs."""
    async with ground.socket() as socket:
        many = frame(b"x" * 125, PING) * 1000
        assert await _pour(socket, (many for _ in range(ground.times(200)))) == 4429


async def half_open_handshakes(ground: Ground) -> None:
    """Connections that never finish their request, and requests with bytes behind them."""
    request = upgrade_request(ground.document, ground.token)
    sockets = []
    for number in range(ground.times(400)):
        socket = await RawSocket.connect(ground.url)
        await socket.send(request[: number % len(request)])
        sockets.append(socket)
    for socket in sockets:
        socket.abort()
    for extra in (b"\0" * 2000, frame(b"\xff" * 1000), frame(STEP1_OF_ALL) * 600, frame(b"", masked=False)):
        socket = await RawSocket.connect(ground.url)
        await socket.send(request + extra)
        assert (await socket.head()).startswith(b"HTTP/1.1 101")
        socket.abort()
    for broken in (request.replace(b"13", b"12"), request.replace(b"Sec-WebSocket-Key", b"X"), b"\0" * 5000):
        socket = await RawSocket.connect(ground.url)
        await socket.send(broken)
        assert b" 400 " in (await socket.head())[:20]
        socket.abort()


def awareness(states: list[tuple[int, int, bytes]]) -> bytes:
    """An awareness frame with (client id, clock, JSON)."""
    body = uint(len(states)) + b"".join(uint(c) + uint(k) + uint(len(raw)) + raw for c, k, raw in states)
    return frame(b"\1" + uint(len(body)) + body)


async def crowds_of_cursors(ground: Ground) -> None:
    """Ten thousand people in one message, and one by one."""
    states = [(number, 1, b'{"user":{"name":"x"}}') for number in range(ground.times(10_000))]
    async with ground.socket() as socket:
        await socket.send(awareness(states))
        assert await socket.close_code() == 4400
    async with ground.socket() as socket:
        assert await _pour(socket, (awareness([state]) for state in states)) == 4400


async def large_cursors(ground: Ground) -> None:
    """Cursors with books in them, changed as fast as can be."""
    async with ground.socket() as socket:
        raw = json.dumps({"cursor": "x" * 3000}).encode()
        code = await _pour(socket, (awareness([(7, number, raw)]) for number in range(1, ground.times(8000))), 2)
        assert code in {4400, 4429} or ground.scale < 1


async def questions(ground: Ground) -> None:
    """The whole document, who is here, and is it saved, again and again."""
    for ask in (frame(STEP1_OF_ALL), frame(b"\3"), frame(b"\x66" + b"m" * 64)):
        async with ground.socket() as socket:
            many = ask * 500
            assert await _pour(socket, (many for _ in range(ground.times(40))), 2) in {4429, 1006, 0}


def _section(clock: int, structs: list[bytes]) -> Section:
    return CLIENT, clock, structs


async def crowd_in_one_place(ground: Ground) -> None:
    """Thousands of letters that all want to stand at the very beginning, in one update of 48 kB."""
    count = ground.times(8000)
    async with ground.socket() as socket:
        await socket.send(message(update(_section(0, [text("x") for _ in range(count)]))))
        assert await socket.answers(b"crowd", 60)


async def letters_from_end_to_start(ground: Ground) -> None:
    """Single letters put into a text of megabytes, each before the last: the slowest places there are for yrs."""
    length = ground.times(4_900_000)
    async with ground.socket() as socket:
        await socket.send(message(update(_section(0, [text("y" * length)]))))
        assert await socket.answers(b"long", 60)
        places = range(
            length - 2, 0, -max(1, length // ground.times(1500))
        )  # with the text itself within what is allowed
        letters = (
            message(update(_section(length + number, [text("z", (CLIENT, at), (CLIENT, at + 1))])))
            for number, at in enumerate(places)
        )
        while batch := b"".join(islice(letters, 400)):
            await socket.send(batch)
            assert await socket.answers(b"letters", 60)


async def appends(ground: Ground) -> None:
    """Letter after letter, as fast as the server lets one."""
    count = ground.times(50_000)
    sent = 0
    while sent < count:
        async with ground.socket() as socket:
            start = sent
            batch = min(1_900, count - start)
            frames = [
                message(
                    update((CLIENT + 1, start + n, [text("a", (CLIENT + 1, start + n - 1) if start + n else None)]))
                )
                for n in range(batch)
            ]
            await socket.send(b"".join(frames))
            assert await socket.answers(b"appended", 60)
            sent += batch


async def hoarding(ground: Ground) -> None:
    """Large messages while the document is busy with a slow one."""
    async with ground.socket() as socket:
        await socket.send(message(update((CLIENT + 2, 0, [text("x") for _ in range(ground.times(8000))]))))
        large = frame(b"\0\2" + uint(3_000_000) + bytes(3_000_000))
        assert await _pour(socket, (large for _ in range(ground.times(100)))) in {4400, 4429, 1006}


async def letters_that_wait(ground: Ground) -> None:
    """As many letters as are let in at once, over several sockets, while the document is busy with a slow update."""
    count = ground.times(2_900)
    clients = range(CLIENT + 10, CLIENT + 10 + ground.times(8))
    floods = [
        b"".join(message(update((client, n, [text("b", (client, n - 1) if n else None)]))) for n in range(count))
        for client in clients
    ]
    slow = message(update((CLIENT + 3, 0, [text("x") for _ in range(ground.times(8000))])))
    async with AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(ground.socket()) for _ in floods]
        await asyncio.gather(
            sockets[0].send(slow), *(one.send(flood) for one, flood in zip(sockets, floods, strict=True))
        )
        for socket in sockets:
            assert await socket.answers(b"waited", 60)


CONNECTION_ATTACKS: tuple[Attack, ...] = (
    tiny_fragments,
    fragments_after_the_farewell,
    huge_lengths,
    pings,
    half_open_handshakes,
    crowds_of_cursors,
    large_cursors,
    questions,
    hoarding,
)
SLOW_UPDATES: tuple[Attack, ...] = (crowd_in_one_place, letters_from_end_to_start, appends, letters_that_wait)
