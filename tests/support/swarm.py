"""Many lean clients: each types tokens that nobody else types, and counts those that come by without building the document."""

import asyncio
import itertools
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pycrdt import Doc, Text, TransactionEvent, create_update_message
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

TOKEN = re.compile(rb"<(\d+)\.(\d+)>")
NOTHING_KNOWN = b"\x00\x00\x01\x00"  # a step 1 with an empty state vector


@dataclass
class Tally:
    """What all clients of a run saw. Times in seconds."""

    sent_at: dict[tuple[int, int], float] = field(default_factory=dict)
    delays: list[float] = field(default_factory=list)
    across: list[float] = field(default_factory=list)  # those between two servers
    delivered: int = 0

    def forget(self) -> None:
        """Begin anew: what was seen so far was the warming up."""
        self.delays.clear()
        self.across.clear()
        self.delivered = 0


class LeanClient:
    """One socket. It never applies what others write, so its own edits build on its own alone."""

    def __init__(self, number: int, server: int, tally: Tally) -> None:
        self.number = number
        self.server = server
        self._tally = tally
        self._servers: dict[int, int] = {}
        self._doc: Doc[Text] = Doc()
        self._text = self._doc.get("content", type=Text)
        self._made: list[bytes] = []
        self._subscription = self._doc.observe(self._on_transaction)
        self._counter = itertools.count()
        self._socket: ClientConnection | None = None
        self._reader: asyncio.Task[None] | None = None

    def _on_transaction(self, event: TransactionEvent) -> None:
        self._made.append(event.update)

    async def open(self, url: str, servers: dict[int, int]) -> None:
        """Connect and ask for the document; `servers` says on which server each client is."""
        self._servers = servers
        self._socket = await connect(url, max_size=None, compression=None, proxy=None, ping_interval=None)
        await self._socket.send(NOTHING_KNOWN)
        self._reader = asyncio.create_task(self._read(self._socket))

    async def type(self) -> None:
        """Type one token."""
        assert self._socket is not None
        number = next(self._counter)
        self._text.insert(len(self._text), f"<{self.number}.{number}>")
        self._tally.sent_at[self.number, number] = time.perf_counter()
        await self._socket.send(create_update_message(self._made.pop()))

    async def _read(self, socket: ClientConnection) -> None:
        tally = self._tally
        try:
            async for frame in socket:
                if frame[0] != 0 or frame[1] != 2:
                    continue
                now = time.perf_counter()
                for client, number in TOKEN.findall(bytes(frame)):  # type: ignore[arg-type]
                    author = int(client)
                    if author == self.number:
                        continue
                    tally.delivered += 1
                    delay = now - tally.sent_at[author, int(number)]
                    tally.delays.append(delay)
                    if self._servers[author] != self.server:
                        tally.across.append(delay)
        except ConnectionClosed:
            pass

    async def close(self) -> None:
        """Leave."""
        self._subscription.drop()
        if self._socket is not None:
            await self._socket.close()
        if self._reader is not None:
            await self._reader


async def type_for(clients: Sequence[LeanClient], seconds: float, per_second: float) -> None:
    """Let each client type so often, out of step with the others."""

    async def one(client: LeanClient, phase: float) -> None:
        start = time.perf_counter() + phase / per_second
        for turn in itertools.count():
            at = start + turn / per_second
            if at > start + seconds:
                return
            await asyncio.sleep(max(0, at - time.perf_counter()))
            await client.type()

    await asyncio.gather(*(one(client, index / len(clients)) for index, client in enumerate(clients)))


def cpu_seconds(pid: int) -> float:
    """CPU time that a process has used, by the scheduler: /proc says it in hundredths, too coarse for a few seconds at 5 %."""
    return time.clock_gettime(~pid << 3 | 2)  # what clock_getcpuclockid(3) answers on Linux; Python has no name for it


def rss_megabytes(pid: int) -> float:
    """Resident memory of a process."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise AssertionError("no VmRSS")


def percentile(values: list[float], share: float) -> float:
    """The value that `share` of all are not above."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]
