"""What every adapter of `ports.rate_limits` does."""

from collections.abc import Callable

import pytest

from mdreader.adapters.rate_limits_local import LocalRateLimits
from mdreader.ports.rate_limits import Limit, RateLimits

LIMIT = Limit("login", count=3, seconds=60)


class Time:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


def _local(time: Time) -> RateLimits:
    return LocalRateLimits(now=time)


@pytest.fixture(params=[_local])
def limits(request: pytest.FixtureRequest, time: Time) -> RateLimits:
    make: Callable[[Time], RateLimits] = request.param
    return make(time)


async def test_attempts_within_the_limit_pass(limits: RateLimits) -> None:
    assert [await limits.hit(LIMIT, "a") for _ in range(3)] == [0, 0, 0]


async def test_one_more_says_how_long_to_wait(limits: RateLimits, time: Time) -> None:
    for _ in range(3):
        await limits.hit(LIMIT, "a")
    time.now += 20
    assert await limits.hit(LIMIT, "a") == pytest.approx(40)


async def test_the_window_slides(limits: RateLimits, time: Time) -> None:
    for _ in range(3):
        await limits.hit(LIMIT, "a")
        time.now += 10
    time.now += 30  # the first attempt is 60 seconds old, the second 50
    assert await limits.hit(LIMIT, "a") == 0
    assert await limits.hit(LIMIT, "a") == pytest.approx(10)


async def test_a_refused_attempt_does_not_prolong_the_wait(limits: RateLimits, time: Time) -> None:
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


async def test_local_memory_is_bounded_and_forgets_the_longest_quiet_first(time: Time) -> None:
    limits = LocalRateLimits(max_keys=100, now=time)
    for _ in range(3):
        await limits.hit(LIMIT, "victim")
    for number in range(1000):
        await limits.hit(LIMIT, f"made-up-{number}")
        assert await limits.hit(LIMIT, "victim") > 0
    assert len(limits._attempts) == 100
