"""What comes back after a restart: `python tests/campaigns/comeback.py [--people 1000] [--how stop|kill]`.

People in rooms of five on one server with PostgreSQL. The server is stopped (or killed) and started again on its port; each client waits
as the page does (as told by the close code, else with its backoff), gets a new ticket, opens its socket and asks for its document.
Printed: when the last one has its text back, and what the database had to do meanwhile.
"""

import argparse
import asyncio
import random
import re
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

sys.path.insert(0, str(Path(__file__).parents[1]))

from collab.conftest import make_team
from support.ports import free_port
from support.postgres import Postgres
from support.server import Server
from support.swarm import NOTHING_KNOWN, cpu_seconds, percentile, rss_megabytes

# As web/src/core/sync/backoff.ts has them, in seconds.
FIRST, CAP = 0.4, 10.0
ROOM = 5
TEXT = "".join(f"Line {number} of a text that has some length.\n" for number in range(100))
LOAD = "SELECT xact_commit + xact_rollback, numbackends FROM pg_stat_database WHERE datname = '{}'"


@dataclass
class Run:
    """What all clients share."""

    url: str
    headers: dict[str, str]
    http: httpx.AsyncClient
    # Few at once: httpx looks at every request that waits for a connection each time one is free.
    asking: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(10))
    back: list[float] = field(default_factory=list)  # seconds from the end of the server to the text
    tries: int = 0
    ended_at: float = 0.0


async def open_socket(run: Run, document: str) -> ClientConnection:
    """A socket whose document has come. Raises what keeps it from that."""
    async with run.asking:
        answer = await run.http.post(f"/api/documents/{document}/ticket", headers=run.headers)
    answer.raise_for_status()
    address = f"{run.url.replace('http', 'ws', 1)}/api/collab/{document}?token={answer.json()['ticket']}"
    socket = await connect(address, max_size=None, compression=None, proxy=None, ping_interval=None, open_timeout=30)
    await socket.send(NOTHING_KNOWN)
    async for frame in socket:
        assert isinstance(frame, bytes)
        if frame[0] == 0 and frame[1] == 1:  # step 2: the text
            assert len(frame) > len(TEXT)
            return socket
    raise ConnectionError("closed before the text came")


async def one(run: Run, document: str, seated: asyncio.Semaphore, ready: asyncio.Barrier) -> None:
    """One client: there, cut off, back."""
    async with seated:
        socket = await open_socket(run, document)
    await ready.wait()
    try:
        async for _frame in socket:
            pass
    except ConnectionClosed:
        pass
    told = re.match(r"retry-in-ms=(\d+)", socket.close_reason or "")
    wait = int(told[1]) / 1000 if told else None
    attempt = 0
    while True:
        ceiling = min(CAP, FIRST * 2**attempt)
        await asyncio.sleep(wait if wait is not None else ceiling / 2 + random.random() * ceiling / 2)
        wait = None
        run.tries += 1
        try:
            socket = await open_socket(run, document)
        except (httpx.HTTPError, OSError, ConnectionClosed, InvalidHandshake, TimeoutError):
            attempt += 1
            continue
        run.back.append(time.perf_counter() - run.ended_at)
        await ready.wait()
        await socket.close()
        return


async def comeback(postgres: Postgres, folder: Path, people: int, how: str) -> None:
    """One restart."""
    address = postgres.new_database()
    database = address.rpartition("/")[2].partition("?")[0]
    server = Server(folder, DATABASE_URL=address, PORT=str(free_port())).start()
    team = make_team(server)
    documents = [await asyncio.to_thread(team.document, TEXT) for _ in range(people // ROOM)]
    async with httpx.AsyncClient(base_url=server.url, timeout=30) as http:
        run = Run(server.url, team.owner.headers, http)
        seated, ready = asyncio.Semaphore(50), asyncio.Barrier(people + 1)
        async with asyncio.TaskGroup() as group:
            for number in range(people):
                group.create_task(one(run, documents[number % len(documents)], seated, ready))
            await ready.wait()
            run.ended_at = time.perf_counter()
            await asyncio.to_thread(server.stop if how == "stop" else server.kill)
            ((before, _),) = await asyncio.to_thread(postgres.execute, LOAD.format(database))
            await asyncio.to_thread(server.start)
            listening, most = time.perf_counter() - run.ended_at, 0
            while len(run.back) < people:
                ((_, connections),) = await asyncio.to_thread(postgres.execute, LOAD.format(database))
                most = max(most, connections)
                await asyncio.sleep(0.2)
            ((after, _),) = await asyncio.to_thread(postgres.execute, LOAD.format(database))
            cpu, memory = cpu_seconds(server.pid), rss_megabytes(server.pid)
            await ready.wait()
    server.kill()
    print(
        f"{how}: {people} sockets in {len(documents)} documents; the server listened again after {listening:.1f} s; half of them "
        f"had their text after {percentile(run.back, 0.5):.1f} s, the last after {max(run.back):.1f} s, in {run.tries} tries; "
        f"PostgreSQL: {after - before} transactions ({(after - before) / people:.1f} a socket), at most {most} connections; "
        f"the server: {cpu:.1f} CPU s, {memory:.0f} MB",
        flush=True,
    )


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=1000)
    parser.add_argument("--how", choices=["stop", "kill"], default="stop")
    options = parser.parse_args()
    postgres = Postgres(durable=True).start()
    try:
        with tempfile.TemporaryDirectory() as folder:
            asyncio.run(comeback(postgres, Path(folder), options.people, options.how))
    finally:
        postgres.discard()


if __name__ == "__main__":
    main()
