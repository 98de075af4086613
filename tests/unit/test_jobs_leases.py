"""Who works on a job: one worker, and after it has died another, where the first one stopped."""

import asyncio
import signal
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest
from sqlalchemy import select, update

from mdreader.bootstrap.database import database_file, on_postgres
from mdreader.db.engine import Database
from mdreader.jobs import runner
from mdreader.jobs.context import JobContext
from mdreader.jobs.errors import LeaseLostError
from mdreader.jobs.registry import Schedule
from mdreader.jobs.tables import job_schedules, jobs
from mdreader.settings import Settings
from support.job_worker import Bench, effects
from support.jobs import Workshop, enqueue_many, made_by, once, read_job, until_done, until_none_is_open, worker_process
from support.waiting import eventually

Ctx = JobContext[Workshop]
STEPS = 4
# At which passing of which point a worker dies. A step is a transaction of its own.
DEATHS = (
    "job.before_turn:1",
    "job.claimed:1",
    "job.after_commit:1",
    "job.before_commit:2",
    "job.ended:1",
    "job.before_turn:2",
)


@pytest.fixture
def shop(database: Database, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    # A server that stops has a second for its last word, and what it does not write is found when the lease ends. A slow disk takes longer.
    monkeypatch.setattr(runner, "INTERRUPTED_SECONDS", 60.0)
    return Workshop(database)


@pytest.fixture
async def bench(database: Database) -> Bench:
    """The handlers of `support.job_worker`, and their table."""
    async with database.write() as tx:
        await tx.conn.run_sync(effects.metadata.create_all)
    return Bench(database)


def url_of(settings: Settings) -> str:
    return str(settings.database_url) if on_postgres(settings) else f"sqlite:///{database_file(settings)}"


async def end_leases(bench: Bench) -> None:
    """As if the lease of a dead worker had run out."""
    async with bench.database.write() as tx:
        await tx.conn.execute(update(jobs).where(jobs.c.state == "running").values(due_at=0))


@pytest.mark.timeout(600)  # eight processes, one after another
async def test_a_worker_killed_at_every_step_leaves_nothing_undone_and_nothing_twice(
    bench: Bench, settings: Settings
) -> None:
    (job_id,) = await enqueue_many(bench, "steps", 1, steps=STEPS)
    for death in DEATHS:
        with worker_process(url_of(settings), dies_at=death) as process:
            print(death)
            assert await asyncio.to_thread(process.wait, 100) == -signal.SIGKILL
        await end_leases(bench)
    with worker_process(url_of(settings)):
        job = await until_done(bench.database, job_id)
    assert sorted(step for _, step, _ in await made_by(bench.database)) == list(range(STEPS))
    assert len({process for _, _, process in await made_by(bench.database)}) > 1
    assert job.attempt > job.max_attempts  # an attempt that got further is no failure


@pytest.mark.timeout(600)
async def test_four_workers_never_have_one_job_twice(bench: Bench, settings: Settings) -> None:
    with ExitStack() as stack:
        for _ in range(4):
            stack.enter_context(worker_process(url_of(settings), slots=1))
        # Long enough for one alone that the others look for work before it has done everything.
        ids = await enqueue_many(bench, "once", 80, seconds=0.05)
        await until_none_is_open(bench.database, seconds=400)
    found = await made_by(bench.database)
    assert Counter(job_id for job_id, _, _ in found) == dict.fromkeys(ids, 1)
    assert {attempt for _, attempt, _ in found} == {1}
    shares = Counter(process for _, _, process in found)
    print("jobs by worker:", sorted(shares.values()))
    assert len(shares) > 1


async def test_another_worker_takes_over_when_the_lease_ends(bench: Bench, settings: Settings) -> None:
    url = url_of(settings)
    (job_id,) = await enqueue_many(bench, "steps", 1, steps=STEPS)
    with worker_process(url, lease_seconds=1, dies_at="job.after_commit:2") as first:
        assert await asyncio.to_thread(first.wait, 100) == -signal.SIGKILL
    assert (await read_job(bench.database, job_id)).state == "running"
    with worker_process(url):
        await until_done(bench.database, job_id)
    assert sorted(step for _, step, _ in await made_by(bench.database)) == list(range(STEPS))


async def test_a_job_that_kills_its_workers_is_given_up(bench: Bench, settings: Settings) -> None:
    (job_id,) = await enqueue_many(bench, "steps", 1, steps=STEPS)
    async with bench.database.write() as tx:
        await tx.conn.execute(update(jobs).values(attempt=5, tries=5, state="running", due_at=0))
    with worker_process(url_of(settings)):
        job = await once(bench.database, job_id, lambda job: job.state == "dead")
    assert job.error is not None
    assert job.error["code"] == "given_up"
    assert await made_by(bench.database) == []


async def test_who_lost_the_lease_commits_nothing(shop: Workshop) -> None:
    """Two workers; the first is silent for longer than its lease, and then goes on."""
    wrote: list[int] = []
    lost = asyncio.Event()
    first_is_in, second_is_done = asyncio.Event(), asyncio.Event()

    async def handle(ctx: Ctx, _payload: dict[str, Any]) -> None:
        if ctx.attempt == 1:
            first_is_in.set()
            await second_is_done.wait()
        try:
            async with ctx.write() as tx:
                wrote.append(ctx.attempt)
                await ctx.finish(tx)
        except LeaseLostError:
            lost.set()
            raise
        second_is_done.set()

    shop.registry.add("note", handle)
    job_id = await shop.enqueue("note")
    first, second = shop.runner(), shop.runner()
    await first._turn()  # claims it, and then has no turn in which it would renew the lease
    await first_is_in.wait()
    assert await second._turn() > 5  # the lease holds
    shop.clock.advance(seconds=31)
    await second._turn()
    await lost.wait()
    assert wrote == [2]
    assert (await until_done(shop.database, job_id)).attempt == 2
    assert not first._ended


async def test_a_worker_that_reads_that_it_lost_a_job_stops_working_on_it(shop: Workshop) -> None:
    interrupted = asyncio.Event()
    started = asyncio.Event()

    async def handle(ctx: Ctx, _payload: dict[str, Any]) -> None:
        if ctx.attempt > 1:
            return
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            interrupted.set()

    shop.registry.add("note", handle)
    job_id = await shop.enqueue("note")
    first = shop.runner()
    await first._turn()
    await started.wait()
    shop.clock.advance(seconds=31)
    async with shop.working():
        await until_done(shop.database, job_id)
    await first._turn()
    await interrupted.wait()


async def test_a_lease_is_renewed_while_the_work_goes_on(shop: Workshop) -> None:
    go_on = asyncio.Event()
    attempts: list[int] = []

    async def handle(ctx: Ctx, _payload: dict[str, Any]) -> None:
        attempts.append(ctx.attempt)
        await go_on.wait()

    shop.registry.add("note", handle)
    async with shop.working(lease_seconds=0.3):
        job_id = await shop.enqueue("note")
        await shop.until(job_id, "running")
        shop.clock.advance(seconds=3600)
        # It has ended by the clock that was moved, and is this worker's all the same.
        await shop.once(job_id, lambda job: (job.due_at or 0) > shop.clock.now())
        go_on.set()
        await shop.until(job_id, "done")
    assert attempts == [1]


async def test_a_stopped_worker_gives_its_jobs_back_with_their_checkpoints(shop: Workshop) -> None:
    seen: list[tuple[int, Any]] = []
    started = asyncio.Event()

    async def handle(ctx: Ctx, _payload: dict[str, Any]) -> None:
        seen.append((ctx.attempt, ctx.checkpoint_data))
        if ctx.attempt == 1:
            await ctx.checkpoint({"at": 7})
            started.set()
            await asyncio.Event().wait()

    shop.registry.add("note", handle, max_attempts=1)
    async with shop.working(grace_seconds=0):
        job_id = await shop.enqueue("note")
        await started.wait()
    job = await shop.job(job_id)
    assert (job.state, job.due_at) == ("waiting", shop.clock.now())
    async with shop.working():
        await shop.until(job_id, "done")
    assert seen == [(1, None), (2, {"at": 7})]


async def test_a_stopping_worker_lets_its_jobs_end(shop: Workshop) -> None:
    started, go_on = asyncio.Event(), asyncio.Event()

    async def handle(_ctx: Ctx, _payload: dict[str, Any]) -> None:
        started.set()
        await go_on.wait()

    shop.registry.add("note", handle)
    async with shop.working(grace_seconds=20):
        job_id = await shop.enqueue("note")
        await started.wait()
        asyncio.get_running_loop().call_later(0.05, go_on.set)
    assert (await shop.job(job_id)).state == "done"


async def next_turn(shop: Workshop, condition: Callable[[int], bool]) -> None:
    """Wait until the schedule's next turn is one for which `condition` holds."""
    async with asyncio.timeout(60):
        while True:
            async with shop.database.read() as conn:
                found: int | None = await conn.scalar(select(job_schedules.c.next_at))
            if found is not None and condition(found):
                return
            await asyncio.sleep(0.005)


async def all_jobs(shop: Workshop) -> list[str]:
    async with shop.database.read() as conn:
        return list((await conn.execute(select(jobs.c.id).order_by(jobs.c.id))).scalars())


async def test_a_schedule_is_enqueued_once_by_all_servers_together(shop: Workshop) -> None:
    ran: list[int] = []

    async def handle(_ctx: Ctx, _payload: dict[str, Any]) -> None:
        ran.append(shop.clock.now())

    shop.registry.add("tidy", handle)
    shop.registry.repeat(Schedule("tidy", "tidy", every_seconds=600))
    async with shop.working(), shop.working(), shop.working():
        for turn in range(1, 4):
            await next_turn(shop, lambda at: at > shop.clock.now())
            assert len(ran) == turn - 1
            shop.pass_time(601)
            await eventually(lambda n=turn: len(ran) >= n, f"turn {turn}")  # type: ignore[misc]
            await until_done(shop.database, (await all_jobs(shop))[-1])  # or time, when it passes, ends the lease
    assert len(await all_jobs(shop)) == len(ran) == 3


async def test_turns_that_were_missed_come_once_and_a_new_cadence_begins_anew(shop: Workshop) -> None:
    async def handle(_ctx: Ctx, _payload: dict[str, Any]) -> None:
        pass

    shop.registry.add("tidy", handle)
    shop.registry.repeat(Schedule("tidy", "tidy", every_seconds=600))
    async with shop.working():
        await next_turn(shop, lambda at: at == shop.clock.now() + 600_000)
    shop.clock.advance(seconds=86_400)
    async with shop.working():
        await next_turn(shop, lambda at: at == shop.clock.now() + 600_000)
    assert len(await all_jobs(shop)) == 1
    changed = Workshop(shop.database, clock=shop.clock)
    changed.registry.add("tidy", handle)
    changed.registry.repeat(Schedule("tidy", "tidy", every_seconds=60))
    async with changed.working():
        await next_turn(shop, lambda at: at == shop.clock.now() + 60_000)


def test_daily_is_the_next_such_time_of_day() -> None:
    schedule = Schedule("tidy", "tidy", daily_at="03:20")
    noon = 1_795_262_400_000  # 2026-11-21T12:00Z
    assert schedule.next_after(noon) == noon + (15 * 60 + 20) * 60_000
    assert schedule.next_after(noon - 9 * 3600_000) == noon - (8 * 60 + 40) * 60_000
    assert schedule.next_after(schedule.next_after(noon)) == schedule.next_after(noon) + 86_400_000


@pytest.mark.parametrize("options", [{}, {"every_seconds": 5, "daily_at": "03:00"}])
def test_a_schedule_has_one_cadence(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="needs one"):
        Schedule("tidy", "tidy", **options)


@pytest.mark.parametrize("dialect", ["postgresql"], scope="session", indirect=True)  # on SQLite one writes at a time
async def test_a_job_in_the_middle_of_its_transaction_does_not_hold_up_the_others(shop: Workshop) -> None:
    go_on, writing = asyncio.Event(), asyncio.Event()

    async def long(ctx: Ctx, _payload: dict[str, Any]) -> None:
        async with ctx.write():
            ctx.progress(1, 2)
            writing.set()
            await go_on.wait()

    async def short(_ctx: Ctx, _payload: dict[str, Any]) -> None:
        pass

    shop.registry.add("long", long)
    shop.registry.add("short", short)
    async with shop.working(lease_seconds=0.3):
        first = await shop.enqueue("long")
        await writing.wait()
        for _ in range(3):
            await shop.until(await shop.enqueue("short"), "done")
        assert (await shop.job(first)).done == 0
        go_on.set()
        assert (await shop.until(first, "done")).done == 1
