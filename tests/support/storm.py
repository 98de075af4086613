"""Hostile frames through real sockets, each known to be processed before the next is sent."""

import asyncio
import random
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field

from fuzz.frames import hostile_frame
from mdreader.features.collab.state_vector import decode_state_vector
from support.rawsocket import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, RawSocket, frame
from support.yclient import YClient

SOCKETS = 8


@dataclass
class Target:
    """A document under attack, and an honest client in it."""

    url: str
    document: str
    witness: YClient
    genuine: list[bytes] = field(default_factory=list)

    async def write(self) -> None:
        """Let the honest client write the text that the attack is about, keeping its updates to be bent."""
        watching = self.witness.doc.observe(lambda event: self.genuine.append(event.update))
        for word in ("one ", "é", "日本語", "😀", "two\n", "three ", "a😀b", "four "):
            await self.witness.insert(len(self.witness.text) // 2, word)
        watching.drop()
        await self.witness.saved()


async def storm(target: Target, tokens: list[str], frames: int, rng: random.Random) -> Counter[str]:
    """Send `frames` hostile frames under `tokens` in turn; what became of them: taken, or the code of the close."""
    outcomes: Counter[str] = Counter()
    left = iter(range(frames))

    async def attack() -> None:
        socket: RawSocket | None = None
        for number in left:
            if socket is None:
                socket = await _enter(target, tokens[number % len(tokens)])
            clocks = decode_state_vector(target.witness.doc.get_state())
            outcome = await _send(socket, hostile_frame(rng, clocks, target.genuine), rng)
            outcomes[outcome] += 1
            if outcome != "taken":
                socket.abort()
                socket = None
        if socket is not None:
            socket.abort()

    async with asyncio.TaskGroup() as group:
        for _ in range(SOCKETS):
            group.create_task(attack())
    return outcomes


async def _enter(target: Target, token: str) -> RawSocket:
    """A socket that has its seat in the room: the room's question for what we have is the first frame."""
    socket = await RawSocket.open(target.url, target.document, token)
    assert (await socket.next_frame()) is not None
    return socket


async def _send(socket: RawSocket, payload: bytes, rng: random.Random) -> str:
    with suppress(ConnectionError):
        await socket.send(_wrapped(payload, rng) + frame(b"?", PING))
        while (got := await socket.next_frame()) is not None:
            if got == (PONG, b"?"):
                return "taken"
            if got[0] == CLOSE:
                return str(int.from_bytes(got[1][:2], "big"))
    return "cut"


def _wrapped(payload: bytes, rng: random.Random) -> bytes:
    """As one frame mostly, sometimes in fragments with a ping between them, seldom as something that is not allowed at all."""
    way = rng.random()
    if way < 0.9 or len(payload) < 3:
        return frame(payload)
    if way < 0.99:
        at = rng.randrange(1, len(payload))
        first, rest = payload[:at], payload[at:]
        return frame(first, BINARY, fin=False) + frame(b"between", PING) + frame(rest, CONTINUATION)
    return rng.choice(
        (
            frame(payload, TEXT),
            frame(payload, masked=False),
            frame(payload, 3),
            frame(payload, CONTINUATION),
            frame(payload[:100], PING, fin=False),
            frame(b"x" * 200, PING),
            frame(b"\x03", CLOSE),
            frame(b"\x00\x01", CLOSE),
            frame(b"\x03\xe8\xff", CLOSE),
        )
    )
