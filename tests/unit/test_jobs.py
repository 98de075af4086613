"""The queue: enqueued with the caller's transaction, done at once, tried again, ended."""

import asyncio
from contextlib import suppress
from typing import Any

import pytest
from sqlalchemy import text

from mdreader.db.engine import Database
from mdreader.jobs.attempt import backoff
from mdreader.jobs.context import JobContext
from mdreader.jobs.errors import GiveUpError, JobFinishedError, RetryLaterError
from mdreader.jobs.queue import list_jobs
from mdreader.kernel.errors import NotFoundError, TooLargeError
from mdreader.kernel.ids import new_id
from mdreader.kernel.metrics import REGISTRY
from support.jobs import Workshop

Ctx = JobContext[Workshop]


@pytest.fixture
def shop(database: Database) -> Workshop:

    return Workshop(database)


async def test_a_job_is_done_at_once_with_its_payload(shop: Workshop) -> None:
    seen: list[dict[str, Any]] = []

    async def handle(ctx: Ctx, payload: dict[str, Any]) -> None:
        assert ctx.runtime is shop
        seen.append(payload)

    shop.registry.add("note", handle)
    async with shop.working():
        job_id = await shop.enqueue("note", {"id": "x", "text": "Grüße 🙂"})
        job = await shop.until(job_id, "done")
    assert seen == [{"id": "x", "text": "Grüße 🙂"}]
    assert (job.attempt, job.due_at, job.error) == (1, None, None)
    assert job.finished_at == shop.clock.now()


async def test_a_job_of_a_transaction_that_fails_was_never_there(shop: Workshop) -> None:
    async def handle(_ctx: Ctx, _payload: dict[str, Any]) -> None:
        raise AssertionError("it was never enqueued")

    shop.registry.add("note", handle)
    async with shop.working():
        job_id = ""
        with suppress(ZeroDivisionError):
            async with shop.database.write() as tx:
                job_id = await shop.queue().enqueue(tx, "note", {})
                _ = 1 / 0
    with pytest.raises(NotFoundError):
        await shop.job(job_id)


async def test_a_kind_without_a_handler_is_a_mistake_of_the_caller(shop: Workshop) -> None:
    with pytest.raises(KeyError, match="nobody"):
        await shop.enqueue("nobody")


async def test_jobs_of_unknown_kinds_are_left_to_newer_servers(shop: Workshop) -> None:
    async def handle(_ctx: Ctx, _payload: dict[str, Any]) -> None:
        pass

    newer, older = Workshop(shop.database), shop
    newer.registry.add("new", handle)
    older.registry.add("old", handle)
    left = await newer.enqueue("new")
    async with older.working(shared=True):
        await older.until(await older.enqueue("old"), "done")
    assert (await older.job(left)).state == "waiting"


async def test_a_job_waits_for_its_time(shop: Workshop) -> None:
    async def handle(_ctx: Ctx, _payload: dict[str, Any]) -> None:
        pass

    shop.registry.add("note", handle)
    async with shop.working():
        later = await shop.enqueue("note", run_at=shop.clock.now() + 60_000)
        await shop.until(await shop.enqueue("note"), "done")
        assert (await shop.job(later)).state == "waiting"
        shop.pass_time(61)
        await shop.until(later, "done")


async def test_the_runner_sleeps_until_something_is_due(shop: Workshop) -> None:
    async def handle(_ctx: Ctx, _payload: dict[str, Any]) -> None:
        pass

    shop.registry.add("note", handle)
    runner = shop.runner()
    assert await runner._turn() > 50
    await shop.enqueue("note", run_at=shop.clock.now() + 12_000)
    assert await runner._turn() == 12.0
    assert await shop.runner(shared=True)._turn() < 1.2  # others may enqueue without ringing here


async def test_a_failure_is_tried_again_later_and_kept(shop: Workshop) -> None:
    async def handle(ctx: Ctx, _payload: dict[str, Any]) -> None:
        if ctx.attempt < 3:
            raise ConnectionError("the other side is away")

    shop.registry.add("note", handle)
    async with shop.working():
        job_id = await shop.enqueue("note")
        for attempt, (least, most) in enumerate([(1000, 2000), (2000, 4000)], 1):
            job = await shop.once(job_id, lambda job, n=attempt: job.attempt == n and job.state == "waiting")  # type: ignore[misc]
            assert job.due_at is not None
            assert least <= job.due_at - shop.clock.now() <= most
            assert job.error is not None
            assert job.error["code"] == "internal_error"
            assert "the other side is away" in job.error["trace"]
            assert "the other side" not in job.error["detail"]
            shop.pass_time(5)
        job = await shop.until(job_id, "done")
    assert (job.attempt, job.error) == (3, None)


def test_the_waits_grow_and_end() -> None:
    assert all(1 <= backoff(1) <= 2 for _ in range(100))
    assert all(256 <= backoff(9) <= 512 for _ in range(100))
    assert all(1800 <= backoff(tries) <= 3600 for tries in (20, 1000))
    assert len({backoff(5) for _ in range(10)}) > 1


async def test_dead_after_the_last_attempt_with_the_error_kept(shop: Workshop) -> None:
    async def handle(_ctx: Ctx, _payload: dict[str, Any]) -> None:
        raise TooLargeError("The file has 9 GB.")

    shop.registry.add("note", handle, max_attempts=2)
    async with shop.working():
        job_id = await shop.enqueue("note")
        await shop.once(job_id, lambda job: job.attempt == 1 and job.state == "waiting")
        shop.pass_time(3600)
        job = await shop.until(job_id, "dead")
    assert job.attempt == 2
    assert job.error == {"code": "too_large", "detail": "The file has 9 GB."}
    assert job.finished_at is not None


async def test_a_handler_gives_up_or_names_the_time(shop: Workshop) -> None:
    async def give_up(_ctx: Ctx, _payload: dict[str, Any]) -> None:
        raise GiveUpError("There is no such address.")

    async def later(_ctx: Ctx, _payload: dict[str, Any]) -> None:
        raise RetryLaterError("Too many mails at once.", seconds=77)

    shop.registry.add("give_up", give_up)
    shop.registry.add("later", later)
    async with shop.working():
        dead = await shop.until(await shop.enqueue("give_up"), "dead")
        postponed = await shop.enqueue("later")
        waiting = await shop.once(postponed, lambda job: job.error is not None)
    assert (dead.attempt, dead.error) == (1, {"code": "given_up", "detail": "There is no such address."})
    assert waiting.state == "waiting"
    assert waiting.due_at == shop.clock.now() + 77_000


async def test_an_attempt_that_hangs_is_ended(shop: Workshop) -> None:
    async def hang(_ctx: Ctx, _payload: dict[str, Any]) -> None:
        await asyncio.Event().wait()

    shop.registry.add("hang", hang, max_attempts=1, timeout_seconds=0.01)
    async with shop.working():
        job = await shop.until(await shop.enqueue("hang"), "dead")
    assert job.error is not None
    assert "TimeoutError" in job.error["trace"]


async def test_one_job_of_a_key_at_a_time(shop: Workshop) -> None:
    done: list[str] = []

    async def handle(ctx: Ctx, _payload: dict[str, Any]) -> None:
        done.append(ctx.job_id)

    shop.registry.add("note", handle)
    shop.registry.add("other", handle)
    first = await shop.enqueue("note", unique_key="a")
    assert await shop.enqueue("note", unique_key="a") == first
    different = {await shop.enqueue("note", unique_key="b"), await shop.enqueue("other", unique_key="a")}
    assert len({first, *different}) == 3
    async with shop.working():
        for job_id in {first, *different}:
            await shop.until(job_id, "done")
        again = await shop.enqueue("note", unique_key="a")
        assert again not in {first, *different}
        await shop.until(again, "done")
    assert sorted(done) == sorted({first, *different, again})


async def test_a_key_enqueued_by_many_at_once_is_one_job(shop: Workshop) -> None:
    async def handle(_ctx: Ctx, _payload: dict[str, Any]) -> None:
        pass

    shop.registry.add("note", handle)
    assert len(set(await asyncio.gather(*(shop.enqueue("note", unique_key="a") for _ in range(8))))) == 1


async def test_progress_can_be_followed(shop: Workshop) -> None:
    go_on = asyncio.Event()

    async def handle(ctx: Ctx, _payload: dict[str, Any]) -> None:
        ctx.progress(3, 10, "reading")
        await go_on.wait()
        ctx.progress(10, 10, "read")

    shop.registry.add("note", handle)
    async with shop.working():
        job_id = await shop.enqueue("note")
        job = await shop.once(job_id, lambda job: job.done > 0)
        assert (job.state, job.done, job.total, job.note) == ("running", 3, 10, "reading")
        go_on.set()
        job = await shop.until(job_id, "done")
    assert (job.done, job.total, job.note) == (10, 10, "read")


async def test_a_waiting_job_is_cancelled_at_once(shop: Workshop) -> None:
    async def handle(_ctx: Ctx, _payload: dict[str, Any]) -> None:
        raise AssertionError("it was cancelled")

    shop.registry.add("note", handle)
    job_id = await shop.enqueue("note")
    await shop.cancel(job_id)
    async with shop.working():
        assert (await shop.job(job_id)).state == "cancelled"
    with pytest.raises(JobFinishedError):
        await shop.cancel(job_id)


async def test_a_running_job_ends_at_its_next_word(shop: Workshop) -> None:
    started = asyncio.Event()

    async def handle(ctx: Ctx, _payload: dict[str, Any]) -> None:
        started.set()
        for number in range(100_000):
            ctx.progress(number)
            await asyncio.sleep(0.001)

    shop.registry.add("note", handle)
    async with shop.working():
        job_id = await shop.enqueue("note")
        await started.wait()
        await shop.cancel(job_id)
        job = await shop.until(job_id, "cancelled")
    assert job.error is None


async def test_a_handler_that_does_not_listen_is_interrupted(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mdreader.jobs.attempt.CANCEL_SECONDS", 0.0)
    started = asyncio.Event()

    async def deaf(_ctx: Ctx, _payload: dict[str, Any]) -> None:
        started.set()
        await asyncio.Event().wait()

    shop.registry.add("deaf", deaf)
    async with shop.working():
        job_id = await shop.enqueue("deaf")
        await started.wait()
        await shop.cancel(job_id)
        await shop.until(job_id, "cancelled")


async def test_the_runner_goes_on_after_the_database_was_away(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mdreader.jobs.runner.RETRY_SECONDS", (0.01, 0.02))
    ran: list[str] = []

    async def handle(ctx: Ctx, _payload: dict[str, Any]) -> None:
        ran.append(ctx.job_id)
        async with shop.database.write() as tx:  # the next turn cannot write down that it is done
            await tx.conn.execute(text("ALTER TABLE jobs RENAME TO jobs_away"))
        asyncio.get_running_loop().call_later(0.1, back.set)

    back = asyncio.Event()
    shop.registry.add("note", handle)
    async with shop.working():
        job_id = await shop.enqueue("note")
        await back.wait()
        async with shop.database.write() as tx:
            await tx.conn.execute(text("ALTER TABLE jobs_away RENAME TO jobs"))
        await shop.until(job_id, "done")
    assert ran == [job_id]


async def test_jobs_of_a_workspace_are_listed_the_newest_first(shop: Workshop) -> None:
    async def handle(_ctx: Ctx, _payload: dict[str, Any]) -> None:
        pass

    shop.registry.add("note", handle)
    workspace, ada, bob = new_id(), new_id(), new_id()
    made = [await shop.enqueue("note", workspace_id=workspace, started_by=by) for by in (ada, bob, ada)]
    await shop.enqueue("note", workspace_id=new_id(), started_by=ada)
    async with shop.database.read() as conn:
        everything = await list_jobs(conn, workspace, started_by=None, before=None, limit=10)
        own = await list_jobs(conn, workspace, started_by=ada, before=None, limit=10)
        older = await list_jobs(conn, workspace, started_by=None, before=made[2], limit=1)
    assert [job.id for job in everything] == sorted(made, reverse=True)
    assert {job.id for job in own} == {made[0], made[2]}
    assert len(older) == 1


async def test_the_gauges_count_what_is_due(shop: Workshop) -> None:
    async def handle(_ctx: Ctx, _payload: dict[str, Any]) -> None:
        pass

    async def measured() -> tuple[float | None, float | None]:
        async with shop.database.read() as conn:
            await shop.queue().measure(conn)
        names = ("mdreader_jobs_waiting", "mdreader_jobs_oldest_waiting_seconds")
        return REGISTRY.get_sample_value(names[0]), REGISTRY.get_sample_value(names[1])

    shop.registry.add("note", handle)
    await shop.enqueue("note", run_at=shop.clock.now() + 60_000)
    assert await measured() == (0, 0)
    await shop.enqueue("note")
    shop.clock.advance(seconds=3)
    assert await measured() == (1, 3)
