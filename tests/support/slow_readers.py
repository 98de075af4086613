"""People who type fast beside readers that have stopped reading."""

import asyncio
import time
from dataclasses import dataclass
from statistics import quantiles

from collab.conftest import Team
from support.rawsocket import RawSocket, frame, resident_bytes
from support.yclient import YClient, connected

STEP1 = frame(b"\0\0\1\0")
PIECE = 20_000


@dataclass(frozen=True, slots=True)
class Findings:
    """What became of everybody. Seconds and bytes."""

    dropped: int
    edits: int
    delivery_beside_good: tuple[float, float]  # median and 99th percentile, from edit to peer, beside readers that read
    delivery_beside_slow: tuple[float, float]
    grown: int
    text: str
    rejoined: list[str]


async def run(team: Team, *, readers: int, typists: int, edits_before: int, piece: int = PIECE) -> Findings:
    """Type, so many letters at a time, until the server has dropped every reader, then let some of them come back."""
    document = team.document("start\n")
    url, token = team.server.ws_url, team.owner.access_token
    async with asyncio.timeout(280):
        people = [connected(url, document, token) for _ in range(typists)]
        clients = [await person.__aenter__() for person in people]
        good = [await RawSocket.open(team.server.url, document, token) for _ in range(readers)]
        reading = [asyncio.create_task(reader.discard()) for reader in good]
        for reader in good:
            await reader.send(STEP1)
        beside_good = [await _edit(clients, number, piece) for number in range(edits_before)]
        for reader in good:
            reader.abort()
        await asyncio.gather(*reading)
        before = resident_bytes(team.server.pid)
        slow = [await RawSocket.open(team.server.url, document, token, receive_buffer=4096) for _ in range(readers)]
        for reader in slow:
            await reader.send(STEP1)
        beside: list[float] = []
        highest = before
        while _dropped(team, document) < readers:
            # No number twice: the text begins with an older piece when the newest was deleted.
            beside.append(await _edit(clients, edits_before + len(beside), piece))
            highest = max(highest, resident_bytes(team.server.pid))
        for client in clients:
            await client.saved()
        text = clients[0].text
        for client in clients:
            await client.wait_for_text(text)
        for reader in slow:
            reader.abort()
        rejoined = []
        for _ in range(5):
            async with connected(url, document, token) as back:
                rejoined.append(back.text)
        for person in people:
            await person.__aexit__(None, None, None)
    return Findings(
        dropped=_dropped(team, document),
        edits=len(beside),
        delivery_beside_good=_summary(beside_good),
        delivery_beside_slow=_summary(beside),
        grown=highest - before,
        text=text,
        rejoined=rejoined,
    )


async def _edit(clients: list[YClient], number: int, piece: int) -> float:
    """One typist replaces a large piece; seconds until another has it."""
    author, peer = clients[number % len(clients)], clients[(number + 1) % len(clients)]
    mark = f"{number:06}"
    started = time.perf_counter()
    if len(author.text) > 10 * piece:
        await author.delete(0, piece)
    await author.insert(0, mark + "x" * (piece - len(mark)))
    await peer.wait_for_text(lambda text: text.startswith(mark))
    return time.perf_counter() - started


def _dropped(team: Team, document: str) -> int:
    return sum('"why": "slow_reader"' in line and document in line for line in team.server.log)


def _summary(seconds: list[float]) -> tuple[float, float]:
    parts = quantiles(seconds, n=100)
    return parts[49], parts[98]
