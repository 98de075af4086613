"""What every adapter of `ports.rate_limits` does."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from time import monotonic

import pytest

from mdreader.adapters import rate_limits_database, rate_limits_redis
from mdreader.adapters.rate_limits_database import DatabaseRateLimits
from mdreader.adapters.rate_limits_local import LocalRateLimits
from mdreader.adapters.rate_limits_redis import RedisRateLimits
from mdreader.adapters.redis_client import namespace, open_client, open_keys
from mdreader.adapters.tables import rate_limit_windows
from mdreader.db.engine import Database
from mdreader.ports.rate_limits import Limit, RateLimits
from support.chaos import ChaosProxy
from support.clock import FakeTime
from support.redis import RedisServer
from support.redis_cluster import RedisClusterServers, clustered

LIMIT = Limit("login", count=3, seconds=60)


@pytest.fixture
def time() -> FakeTime:
    return FakeTime()


class Milliseconds:
    """The same clock, as the database's adapter reads it."""

    def __init__(self, time: FakeTime) -> None:
        self._time = time

    def now(self) -> int:
        return round(self._time() * 1000)


@pytest.fixture(params=["local", "database", "redis", "cluster"])
async def limits(
    request: pytest.FixtureRequest, time: FakeTime, database: Database, redis_server: RedisServer
) -> AsyncIterator[RateLimits]:
    if request.param == "local":
        yield LocalRateLimits(now=time)
    elif request.param == "database":
        yield DatabaseRateLimits(database, Milliseconds(time))
    else:
        url = redis_server.new_url() if request.param == "redis" else clustered(request)
        client = open_keys(url)
        yield RedisRateLimits(client, namespace(url), LocalRateLimits(now=time), now=time)
        await client.aclose()


async def test_attempts_within_the_limit_pass(limits: RateLimits) -> None:
    assert [await limits.hit(LIMIT, "a") for _ in range(3)] == [0, 0, 0]


async def test_one_more_says_how_long_to_wait(limits: RateLimits, time: FakeTime) -> None:
    for _ in range(3):
        await limits.hit(LIMIT, "a")
    time.now += 20
    assert await limits.hit(LIMIT, "a") == pytest.approx(40)


async def test_the_window_slides(limits: RateLimits, time: FakeTime) -> None:
    for _ in range(3):
        await limits.hit(LIMIT, "a")
        time.now += 10
    time.now += 30  # the first attempt is 60 seconds old, the second 50
    assert await limits.hit(LIMIT, "a") == 0
    assert await limits.hit(LIMIT, "a") == pytest.approx(10)


async def test_a_refused_attempt_does_not_prolong_the_wait(limits: RateLimits, time: FakeTime) -> None:
    for _ in range(3):
        await limits.hit(LIMIT, "a")
    for _ in range(50):
        assert await limits.hit(LIMIT, "a") > 0
    time.now += 60
    assert await limits.hit(LIMIT, "a") == 0


async def test_keys_and_limits_count_apart(limits: RateLimits) -> None:
    for _ in range(3):
        await limits.hit(LIMIT, "a")
    assert await limits.hit(LIMIT, "b") == 0
    assert await limits.hit(Limit("signup", 1, 60), "a") == 0


async def test_reset_forgets(limits: RateLimits) -> None:
    for _ in range(3):
        await limits.hit(LIMIT, "a")
    await limits.reset(LIMIT, "a")
    assert await limits.hit(LIMIT, "a") == 0


async def test_a_refund_takes_the_newest_attempt_back(limits: RateLimits, time: FakeTime) -> None:
    for _ in range(3):
        await limits.hit(LIMIT, "a")
        time.now += 10
    await limits.refund(LIMIT, "a")
    assert await limits.hit(LIMIT, "a") == 0
    assert await limits.hit(LIMIT, "a") == pytest.approx(30)  # the first attempt is still the first
    await limits.refund(LIMIT, "nobody")
    assert [await limits.hit(LIMIT, "nobody") for _ in range(4)] == [0, 0, 0, pytest.approx(60)]


async def test_many_at_once_do_not_slip_through(limits: RateLimits) -> None:
    answers = await asyncio.gather(*(limits.hit(Limit("burst", 10, 60), "a") for _ in range(40)))
    assert sum(wait == 0 for wait in answers) == 10


async def test_servers_on_one_redis_count_together_by_its_own_clock(redis_server: RedisServer) -> None:
    url = redis_server.new_url()
    one, other = open_client(url), open_client(url)
    here, there = (RedisRateLimits(client, namespace(url), LocalRateLimits()) for client in (one, other))
    began = monotonic()
    assert [await here.hit(LIMIT, "a"), await there.hit(LIMIT, "a"), await here.hit(LIMIT, "a")] == [0, 0, 0]
    wait = await there.hit(LIMIT, "a")
    left = await there._client.pttl(there._key(LIMIT, "a"))
    took = monotonic() - began
    assert 59 - took < wait <= 60
    assert 59 - took < left / 1000 <= 60  # what nobody tries any more goes by itself
    await one.aclose()
    await other.aclose()


async def test_without_the_member_that_has_them_limits_go_on(tmp_path: Path) -> None:
    cluster = RedisClusterServers(tmp_path).start()
    try:
        client = open_keys(cluster.url(0))
        limits = RedisRateLimits(client, namespace(cluster.url(0)), LocalRateLimits())
        configured = client.connection_pool
        assert await limits.hit(LIMIT, "a") == 0
        port = client.connection_pool.connection_kwargs["port"]
        assert port != cluster.members[0].port  # it was sent on
        next(member for member in cluster.members if member.port == port).kill()
        assert await limits.hit(LIMIT, "a") == 0
        assert client.connection_pool is configured
        await client.aclose()
    finally:
        cluster.kill()


async def test_without_redis_each_server_counts_for_itself(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_limits_redis, "REST_SECONDS", 0.0)
    with ChaosProxy(redis_server.port) as proxy:
        client = open_client(redis_server.new_url(proxy.port))
        limits = RedisRateLimits(client, "test:", LocalRateLimits())
        assert await limits.hit(LIMIT, "a") == 0
        proxy.cut()
        assert [await limits.hit(LIMIT, "a") for _ in range(3)] == [0, 0, 0]
        assert await limits.hit(LIMIT, "a") > 0
        await limits.refund(LIMIT, "a")
        assert await limits.hit(LIMIT, "a") == 0
        await limits.reset(LIMIT, "a")
        assert await limits.hit(LIMIT, "a") == 0
        proxy.heal()
        assert [await limits.hit(LIMIT, "a") for _ in range(2)] == [0, 0]
        assert await limits.hit(LIMIT, "a") > 0
        await client.aclose()


async def test_windows_in_the_database_are_swept_out(
    database: Database, time: FakeTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_limits_database, "SWEEP_EVERY", 3)
    limits = DatabaseRateLimits(database, Milliseconds(time))
    for number in range(3):
        await limits.hit(LIMIT, f"key {number}")
    time.now += 61
    await limits.hit(LIMIT, "newest")
    async with database.read() as conn:
        assert len((await conn.execute(rate_limit_windows.select())).all()) == 1


async def test_local_memory_is_bounded_and_forgets_the_longest_quiet_first(time: FakeTime) -> None:
    limits = LocalRateLimits(max_keys=100, now=time)
    for _ in range(3):
        await limits.hit(LIMIT, "victim")
    for number in range(1000):
        await limits.hit(LIMIT, f"made-up-{number}")
        assert await limits.hit(LIMIT, "victim") > 0
    assert len(limits._attempts) == 100
