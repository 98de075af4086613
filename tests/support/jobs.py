"""A queue with handlers of a test's own, and workers on it."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from mdreader.adapters.job_bell_local import LocalJobBell
from mdreader.db.engine import Database
from mdreader.jobs.queue import Job, Jobs, get_job
from mdreader.jobs.registry import Registry
from mdreader.jobs.runner import Runner
from mdreader.jobs.tables import jobs
from mdreader.kernel.clock import Clock
from support import job_worker
from support.clock import FakeClock
from support.job_worker import Bench

SECONDS = 100.0  # for a busy machine


async def read_job(database: Database, job_id: str) -> Job:
    async with database.read() as conn:
        return await get_job(conn, job_id)


async def once(database: Database, job_id: str, condition: Callable[[Job], bool], *, seconds: float = SECONDS) -> Job:
    """The job, once `condition` holds for it."""
    try:
        async with asyncio.timeout(seconds):
            while not condition(job := await read_job(database, job_id)):  # noqa: ASYNC110 - others may change it
                await asyncio.sleep(0.005)
    except TimeoutError:
        raise AssertionError(f"not within {seconds} s: {await read_job(database, job_id)}") from None
    return job


async def until_done(database: Database, job_id: str) -> Job:
    """The job, once it is done."""
    return await once(database, job_id, lambda job: job.state == "done")


@dataclass
class Workshop:
    """Stands for a runtime, too: handlers find it as `ctx.runtime`. Its time stands still unless it is moved."""

    database: Database
    clock: FakeClock = field(default_factory=FakeClock)
    registry: "Registry[Workshop]" = field(default_factory=Registry)
    bell: LocalJobBell = field(default_factory=LocalJobBell)

    def queue(self, clock: Clock | None = None) -> Jobs:
        return Jobs(registry=self.registry, clock=clock or self.clock, bell=self.bell)

    async def enqueue(self, kind: str, payload: dict[str, Any] | None = None, **options: Any) -> str:
        async with self.database.write() as tx:
            return await self.queue().enqueue(tx, kind, payload or {}, **options)

    async def cancel(self, job_id: str) -> None:
        async with self.database.write() as tx:
            await self.queue().cancel(tx, job_id)

    def runner(self, *, shared: bool = False, **options: Any) -> "Runner[Workshop]":
        return Runner(self, self.database, self.queue(), shared=shared, **options)

    @asynccontextmanager
    async def working(
        self, *, grace_seconds: float = 5, shared: bool = False, **options: Any
    ) -> "AsyncIterator[Runner[Workshop]]":
        runner = self.runner(shared=shared, **options)
        async with runner.running(grace_seconds=grace_seconds):
            yield runner

    async def job(self, job_id: str) -> Job:
        return await read_job(self.database, job_id)

    async def until(self, job_id: str, *states: str, seconds: float = SECONDS) -> Job:
        """The job, once it is in one of these states."""
        return await self.once(job_id, lambda job: job.state in states, seconds=seconds)

    async def once(self, job_id: str, condition: Callable[[Job], bool], *, seconds: float = SECONDS) -> Job:
        """The job, once `condition` holds for it."""
        return await once(self.database, job_id, condition, seconds=seconds)

    async def column(self, job_id: str, name: str) -> Any:
        async with self.database.read() as conn:
            return await conn.scalar(select(jobs.c[name]).where(jobs.c.id == job_id))

    def pass_time(self, seconds: float) -> None:
        """Move the clock, and let workers look."""
        self.clock.advance(seconds=seconds)
        self.bell.ring()


# ---- workers in processes of their own ----


@contextmanager
def worker_process(
    url: str, *, lease_seconds: float = 30, slots: int = 4, dies_at: str = ""
) -> "Iterator[subprocess.Popen[str]]":
    """A worker process with the handlers of `support.job_worker`; it ends with the block."""
    process = subprocess.Popen(
        [sys.executable, "-P", job_worker.__file__, url, str(lease_seconds), str(slots)],
        env={**os.environ, "MDREADER_FAILPOINTS": dies_at},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=None if dies_at else subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        if not dies_at:
            assert process.stdout.readline().strip() == "ready"
        yield process
    finally:
        process.communicate(timeout=60)


async def enqueue_many(bench: Bench, kind: str, count: int, **payload: Any) -> list[str]:
    """Jobs, all in one transaction."""
    async with bench.database.write() as tx:
        return [await bench.queue.enqueue(tx, kind, payload) for _ in range(count)]


async def made_by(database: Database) -> list[tuple[str, int, int]]:
    """What handlers wrote: job, step, process."""
    async with database.read() as conn:
        return [(row.job_id, row.step, row.process) for row in await conn.execute(select(job_worker.effects))]


async def until_none_is_open(database: Database, *, seconds: float = SECONDS) -> None:
    """Wait until every job is finished."""
    statement = select(jobs.c.id).where(jobs.c.due_at.is_not(None)).limit(1)
    async with asyncio.timeout(seconds):
        while True:
            async with database.read() as conn:
                if await conn.scalar(statement) is None:
                    return
            await asyncio.sleep(0.02)
