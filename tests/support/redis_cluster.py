"""A real Redis in cluster mode: three members, a third of the slots each."""

import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from support.ports import free_port
from support.redis import RedisServer

MEMBERS = 3
SLOTS = 16384
START_SECONDS = 60


class RedisClusterServers:
    """`url(n)` is the address by which one of them is asked first."""

    def __init__(self, folder: Path) -> None:
        self._buses = [free_port() for _ in range(MEMBERS)]
        self.members: list[RedisServer] = []
        for number, bus in enumerate(self._buses):
            own = folder / str(number)
            own.mkdir()
            self.members.append(RedisServer(own, "--cluster-enabled", "yes", "--cluster-port", str(bus)))

    def url(self, member: int = 0) -> str:
        """REDIS_URL of the servers."""
        return f"redis://127.0.0.1:{self.members[member].port}/0?cluster=true"

    def start(self) -> "RedisClusterServers":
        """Start them, and wait until each knows who has which slot."""
        for member in self.members:
            member.start()
        clients = [Redis(port=member.port, socket_timeout=5) for member in self.members]
        try:
            edges = [SLOTS * number // MEMBERS for number in range(MEMBERS + 1)]
            for client, (first, end) in zip(clients, pairwise(edges), strict=True):
                client.cluster("ADDSLOTSRANGE", first, end - 1)
            for member, bus in zip(self.members[1:], self._buses[1:], strict=True):
                clients[0].cluster("MEET", "127.0.0.1", member.port, bus)
            deadline = time.monotonic() + START_SECONDS
            while not all(self._whole(client) for client in clients):
                if time.monotonic() > deadline:
                    raise RuntimeError("The members of the cluster did not find each other")
                time.sleep(0.05)
        finally:
            for client in clients:
                client.close()
        return self

    @staticmethod
    def _whole(client: "Redis") -> bool:
        said: Any = client.cluster("INFO")
        return bool(said["cluster_state"] == "ok" and int(said["cluster_known_nodes"]) == MEMBERS)

    def empty(self) -> None:
        """Forget every key."""
        for member in self.members:
            with Redis(port=member.port, socket_timeout=5) as client:
                client.flushall()

    def kill(self) -> None:
        """`kill -9` for all."""
        for member in self.members:
            member.kill()


def clustered(request: pytest.FixtureRequest) -> str:
    """REDIS_URL of a cluster with nothing in it."""
    servers: RedisClusterServers = request.getfixturevalue("redis_cluster")
    servers.empty()
    return servers.url()
