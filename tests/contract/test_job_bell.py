"""What every adapter of `jobs.bell` does."""

from collections.abc import AsyncIterator

import pytest

from mdreader.adapters.job_bell_bus import BusJobBell
from mdreader.adapters.job_bell_local import LocalJobBell
from mdreader.jobs.bell import JobBell
from support.buses import buses
from support.redis import RedisServer
from support.waiting import eventually


@pytest.fixture(params=["local", "redis", "postgres"])
async def bell(request: pytest.FixtureRequest, redis_server: RedisServer, postgres_url: str) -> AsyncIterator[JobBell]:
    if request.param == "local":
        yield LocalJobBell()
        return
    async with buses(redis_server.new_url() if request.param == "redis" else postgres_url) as opened:
        async with BusJobBell(await opened()).running() as made:
            yield made


async def test_every_listener_wakes(bell: JobBell) -> None:
    woken: list[str] = []
    bell.listen(lambda: woken.append("first"))
    bell.listen(lambda: woken.append("second"))
    bell.ring()
    assert sorted(woken) == ["first", "second"]


async def test_nothing_is_heard_after_the_end_which_may_come_twice(bell: JobBell) -> None:
    woken: list[str] = []
    end = bell.listen(lambda: woken.append("x"))
    end()
    end()
    bell.ring()
    assert woken == []


async def test_one_that_fails_does_not_keep_it_from_the_others_and_ringing_never_fails(bell: JobBell) -> None:
    woken: list[str] = []

    def fail() -> None:
        raise RuntimeError("a listener's own mistake")

    bell.listen(fail)
    bell.listen(lambda: woken.append("x"))
    bell.ring()
    assert woken == ["x"]


@pytest.mark.parametrize("kind", ["redis", "postgres"])
async def test_other_servers_wake_too(kind: str, redis_server: RedisServer, postgres_url: str) -> None:
    woken: list[str] = []
    async with buses(redis_server.new_url() if kind == "redis" else postgres_url) as opened:
        async with BusJobBell(await opened()).running() as here, BusJobBell(await opened()).running() as there:
            there.listen(lambda: woken.append("there"))
            for _ in range(100):
                here.ring()
            await eventually(lambda: bool(woken), "ring over the bus")
    assert len(woken) < 100
