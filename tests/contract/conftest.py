"""Real parts for the contract suites: what an adapter is tried on."""

from collections.abc import AsyncIterator, Iterator

import pytest

from mdreader.adapters import bus, redis_client, wire_postgres
from support.buses import OpenBus, buses
from support.chaos import ChaosProxy
from support.redis import RedisServer


@pytest.fixture(autouse=True)
def patient_buses(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server gives a slow link up and goes on without it, and asks the database instead. Here a slow one is to be waited for."""
    monkeypatch.setattr(bus, "FIRST_SECONDS", 60.0)
    monkeypatch.setattr(bus, "STEP_SECONDS", 20.0)
    monkeypatch.setattr(wire_postgres, "COMMAND_SECONDS", 20.0)
    monkeypatch.setattr(redis_client, "SOCKET_SECONDS", 20.0)


@pytest.fixture(params=["redis", "postgres"])
def bus_url(request: pytest.FixtureRequest) -> str:
    """The address of a Redis database, and of a PostgreSQL database, that are this test's own."""
    if request.param == "redis":
        server: RedisServer = request.getfixturevalue("redis_server")
        return server.new_url()
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
async def open_bus(bus_url: str) -> AsyncIterator[OpenBus]:
    """Opens buses that reach one another."""
    async with buses(bus_url) as opened:
        yield opened


@pytest.fixture
def bus_proxy(bus_url: str) -> Iterator[tuple[ChaosProxy, str]]:
    """A proxy before what the bus runs on, and the address through it."""
    before, _, after = bus_url.rpartition(":")
    port, slash, rest = after.partition("/")
    with ChaosProxy(int(port)) as proxy:
        yield proxy, f"{before}:{proxy.port}{slash}{rest}"
