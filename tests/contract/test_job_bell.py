"""What every adapter of `jobs.bell` does."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest
from structlog.testing import capture_logs

from mdreader.adapters.aws import Aws
from mdreader.adapters.job_bell_bus import BusJobBell
from mdreader.adapters.job_bell_local import LocalJobBell
from mdreader.adapters.job_bell_sqs import SqsJobBell
from mdreader.jobs.bell import JobBell
from support.aws import REGION
from support.buses import buses
from support.waiting import eventually

Open = Callable[[], AbstractAsyncContextManager[JobBell]]


def sqs_opener(endpoint: str) -> Open:
    """Bells on one queue."""
    aws = Aws(REGION, endpoint)
    url: str = aws.client("sqs").create_queue(QueueName="jobs")["QueueUrl"]
    return lambda: SqsJobBell(aws.client("sqs"), aws.client("sqs"), url, wait_seconds=1).running()


@asynccontextmanager
async def opening(kind: str, request: pytest.FixtureRequest) -> AsyncIterator[Open]:
    """What opens a bell of another process, as often as it is called; all ring each other."""
    if kind == "sqs":
        yield sqs_opener(request.getfixturevalue("aws_endpoint"))
        return
    url = (
        request.getfixturevalue("redis_server").new_url()
        if kind == "redis"
        else request.getfixturevalue("postgres_url")
    )
    async with buses(url) as opened:
        made = [await opened(), await opened()]
        yield lambda: BusJobBell(made.pop()).running()


@pytest.fixture(params=["redis", "postgres", "sqs"])
async def open_bell(request: pytest.FixtureRequest) -> AsyncIterator[Open]:
    async with opening(request.param, request) as made:
        yield made


@pytest.fixture(params=["local", "redis", "postgres", "sqs"])
async def bell(request: pytest.FixtureRequest) -> AsyncIterator[JobBell]:
    if request.param == "local":
        yield LocalJobBell()
        return
    async with opening(request.param, request) as open_bell, open_bell() as made:
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


async def test_other_servers_wake_too(open_bell: Open) -> None:
    woken: list[str] = []
    async with open_bell() as here, open_bell() as there:
        there.listen(lambda: woken.append("there"))
        for _ in range(100):
            here.ring()
        await eventually(lambda: bool(woken), "ring over the bus")
    assert len(woken) < 100


async def test_a_ring_just_before_the_end_is_heard(open_bell: Open) -> None:
    woken: list[str] = []
    async with open_bell() as there:
        there.listen(lambda: woken.append("there"))
        async with open_bell() as here:
            here.ring()
        await eventually(lambda: bool(woken), "ring of one that has gone")


async def test_a_queue_that_is_away_is_told_of_and_keeps_nobody_from_waking_here(aws_credentials: None) -> None:
    client = Aws(REGION, "http://127.0.0.1:1").client("sqs", retries={"total_max_attempts": 1})
    woken: list[str] = []
    with capture_logs() as logs:
        async with SqsJobBell(client, client, "http://127.0.0.1:1/1/jobs").running() as bell:
            bell.listen(lambda: woken.append("here"))
            bell.ring()
            await eventually(lambda: len({line["event"] for line in logs}) == 2, "both troubles told")
    assert woken == ["here"]
    assert {line["event"] for line in logs} == {"job_bell_not_rung", "job_bell_not_heard"}
