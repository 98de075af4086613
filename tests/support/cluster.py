"""Several servers that share nothing but the services that their environment names."""

import contextlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from support.server import Server


@contextlib.contextmanager
def cluster(folder: Path, count: int, **environment: str) -> Iterator[list[Server]]:
    """`count` servers, listening, until the block ends."""
    servers = [Server(folder / f"server-{number}", **environment) for number in range(count)]
    try:
        with ThreadPoolExecutor(count) as starting:
            list(starting.map(Server.start, servers))
        yield servers
    finally:
        for server in servers:
            if server.running:
                server.kill()
