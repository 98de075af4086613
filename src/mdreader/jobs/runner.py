"""The worker: claims jobs, lets handlers work on them, keeps their leases, and writes down how they ended.

One loop, one transaction a turn: what ended, what is renewed and what is claimed next go to the disk together. A turn that finds
nothing to write is one read, or two.
"""

import asyncio
import os
import random
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final, Generic

import structlog

from mdreader.db.engine import Database
from mdreader.jobs import leases
from mdreader.jobs.attempt import Attempt
from mdreader.jobs.context import JobContext, R
from mdreader.jobs.leases import Claimed, Outcome
from mdreader.jobs.metrics import JOBS_ENDED, JOBS_RUNNING
from mdreader.jobs.queue import Jobs
from mdreader.jobs.schedules import enqueue_due, note_schedules
from mdreader.kernel.failpoints import hit
from mdreader.kernel.ids import new_id

log = structlog.get_logger(__name__)

LEASE_SECONDS: Final = 30.0
# A worker that shares the database with others looks this often; one that does not looks all the same, now and then.
POLL_SECONDS: Final = 1.0
# The worker inside a server, one of many: it is rung for, and whoever rings works, too. A ring that was lost costs no more than that.
SERVER_POLL_SECONDS: Final = 5.0
# How often one that works looks whether it is to stop.
HEED_SECONDS: Final = 1.0
IDLE_SECONDS: Final = 60.0
PROGRESS_SECONDS: Final = 1.0
MEASURE_SECONDS: Final = 30.0
# What is due but held by somebody else is looked at again after this.
BUSY_SECONDS: Final = 0.1
# After a turn that failed (the database is away), doubled each time up to the second.
RETRY_SECONDS: Final = (0.5, 10.0)
# For handlers that are interrupted because the worker stops, and for the last turn.
INTERRUPTED_SECONDS: Final = 1.0


class Runner(Generic[R]):
    """Works on jobs of `queue`, up to `slots` at once, in the event loop that enters `running`.

    `shared` says that other processes use the same database: then it looks for work every `poll_seconds` without being rung for,
    else it sleeps until something is due.
    """

    def __init__(
        self,
        runtime: R,
        database: Database,
        queue: Jobs,
        *,
        slots: int = 4,
        shared: bool,
        lease_seconds: float = LEASE_SECONDS,
        poll_seconds: float = POLL_SECONDS,
        on_dead: Callable[[str], None] | None = None,
    ) -> None:
        """`on_dead` is called with the kind of each job that failed for the last time."""
        self.name = f"{socket.gethostname()}:{os.getpid()}:{new_id()[-4:]}"
        self._runtime = runtime
        self._database = database
        self._queue = queue
        self._slots = slots
        self._lease_seconds = lease_seconds
        self._on_dead = on_dead
        self._look_seconds = poll_seconds if shared else IDLE_SECONDS
        self._handlers = queue.registry.handlers
        self._schedules = queue.registry.schedules
        self._attempts: dict[str, Attempt[R]] = {}
        self._ended: list[tuple[JobContext[R], Outcome]] = []
        self._renew_at = self._tell_at = self._measure_at = 0.0  # loop time
        self._lease_end = 0  # the first lease of these attempts to end, in milliseconds
        self._wake = asyncio.Event()
        self._stopping = asyncio.Event()

    @property
    def busy(self) -> int:
        """How many jobs it works on."""
        return len(self._attempts)

    @asynccontextmanager
    async def running(self, *, grace_seconds: float) -> AsyncIterator[None]:
        """Work until the block ends; then attempts have `grace_seconds` to end, and what is left is given back to the queue."""
        loop = asyncio.get_running_loop()
        turns = loop.create_task(self._run(), name="jobs")
        end = self._queue.bell.listen(self._wake.set)
        try:
            yield
        finally:
            end()
            await self._stop(turns, grace_seconds)

    # ---- the loop ----

    async def _run(self) -> None:
        failures = 0
        noted = False
        while not self._stopping.is_set():
            self._wake.clear()
            try:
                if not noted:
                    await note_schedules(self._database, self._schedules.values(), self._queue.clock.now())
                    noted = True
                wait = await self._turn()
                failures = 0
            except Exception as error:  # noqa: BLE001 - the database is away, or full: what is to be written stays for the next turn
                wait = min(RETRY_SECONDS[0] * 2**failures, RETRY_SECONDS[1])
                failures += 1
                log.warning("jobs_turn_failed", error=f"{type(error).__name__}: {error}", again_in=wait)
                await _within(wait, self._stopping)
                continue
            if wait > 0:
                await _within(wait, self._wake)

    async def _turn(self) -> float:
        """Write and claim what there is; how many seconds the next turn can wait."""
        now = self._queue.clock.now()
        if self._attempts:
            await self._look()
        free = self._slots - len(self._attempts)
        due_at = await self._next_due() if free else None
        due = due_at is not None and due_at <= now
        # By either clock: were a lease to end because the machine's was set, this worker would claim its own job.
        renewing = bool(self._attempts) and (self._loop_time() >= self._renew_at or now >= self._lease_end)
        telling = self._loop_time() >= self._tell_at and any(one.ctx.news for one in self._attempts.values())
        if not (due or renewing or telling or self._ended):
            return self._wait(now, due_at)
        claimed = await self._write(now, free if due else 0, renewing=renewing)
        for job in claimed:
            hit("job.claimed")
            self._begin(job)
        # What is due and was not to be had is somebody else's for the moment.
        return BUSY_SECONDS if due and not claimed else 0

    async def _next_due(self) -> int | None:
        async with self._database.read() as conn:
            if self._loop_time() >= self._measure_at:  # for metrics that are sent, not fetched
                self._measure_at = self._loop_time() + MEASURE_SECONDS
                await self._queue.measure(conn)
            return await leases.next_due(conn, kinds=list(self._handlers), schedules=list(self._schedules))

    async def _write(self, now: int, limit: int, *, renewing: bool) -> list[Claimed]:
        ended = tuple(self._ended)
        news = {ctx: ctx.news for ctx in (*(one.ctx for one in self._attempts.values()), *(ctx for ctx, _ in ended))}
        lease_until = now + int(self._lease_seconds * 1000)
        claimed: list[Claimed] = []
        async with self._database.write() as tx:
            rows = [(ctx.job_id, ctx.attempt, *said) for ctx, said in news.items() if said is not None]
            told = await leases.store_progress(tx, rows, worker=self.name) if rows else set()
            await leases.settle(tx, [outcome for _, outcome in ended])
            if renewing:
                await leases.renew(tx, list(self._attempts), worker=self.name, lease_until=lease_until)
            if limit:
                await enqueue_due(tx, self._queue, self._schedules, now)
                kinds = list(self._handlers)
                claimed = await leases.claim(
                    tx, kinds=kinds, limit=limit, worker=self.name, now=now, lease_until=lease_until
                )
            hit("job.before_turn")
        hit("job.after_turn")
        del self._ended[: len(ended)]
        self._tell_at = self._loop_time() + PROGRESS_SECONDS
        for ctx, said in news.items():
            if ctx.job_id in told and ctx.news is said:
                ctx.news = None
        for ctx, outcome in ended:
            JOBS_ENDED.labels(ctx.kind, outcome.ending).inc()
        if renewing or (claimed and not self._attempts):
            self._renew_at = self._loop_time() + self._lease_seconds / 3
            self._lease_end = lease_until
        return claimed

    def _wait(self, now: int, due_at: int | None) -> float:
        waits = [self._look_seconds * random.uniform(0.9, 1.1)]  # noqa: S311 - so that workers do not look in step
        if due_at is not None:
            waits.append((due_at - now) / 1000)
        if self._attempts:
            waits += [self._renew_at - self._loop_time(), HEED_SECONDS]
        return max(0.0, min(waits))

    @staticmethod
    def _loop_time() -> float:
        return asyncio.get_running_loop().time()

    # ---- attempts ----

    def _begin(self, job: Claimed) -> None:
        ctx = JobContext(self._runtime, self._database, self._queue.clock, job)
        self._attempts[job.id] = Attempt(ctx, job, self._handlers[job.kind], self._queue.clock, self._on_end)
        JOBS_RUNNING.inc()

    def _on_end(self, attempt: Attempt[R], outcome: Outcome | None) -> None:
        del self._attempts[attempt.ctx.job_id]
        JOBS_RUNNING.dec()
        if outcome is not None:
            self._ended.append((attempt.ctx, outcome))
            if outcome.ending == "dead" and self._on_dead is not None:
                self._on_dead(attempt.ctx.kind)
        elif attempt.ctx.finished:
            JOBS_ENDED.labels(attempt.ctx.kind, "done").inc()
        self._wake.set()

    async def _look(self) -> None:
        async with self._database.read() as conn:
            found = await leases.standing(conn, list(self._attempts))
        for attempt in tuple(self._attempts.values()):
            attempt.heed(found.get(attempt.ctx.job_id))

    async def _stop(self, turns: asyncio.Task[None], grace_seconds: float) -> None:
        self._stopping.set()
        self._wake.set()
        # A turn that hangs must not hold up the end; what it claimed is found again when the lease ends.
        await asyncio.wait([turns], timeout=grace_seconds)
        turns.cancel()
        await asyncio.gather(turns, return_exceptions=True)
        await self._all_ended(grace_seconds)
        for attempt in tuple(self._attempts.values()):
            attempt.interrupt()
        await self._all_ended(INTERRUPTED_SECONDS)
        if self._ended:
            with suppress(TimeoutError):
                async with asyncio.timeout(INTERRUPTED_SECONDS):
                    try:
                        await self._write(self._queue.clock.now(), 0, renewing=False)
                    except Exception as error:  # noqa: BLE001 - the leases end by themselves
                        log.warning(
                            "jobs_not_given_back", jobs=len(self._ended), error=f"{type(error).__name__}: {error}"
                        )

    async def _all_ended(self, seconds: float) -> None:
        tasks = [attempt.task for attempt in self._attempts.values()]
        if tasks:
            await asyncio.wait(tasks, timeout=seconds)


async def _within(seconds: float, event: asyncio.Event) -> None:
    """Wait for `event`, but no longer than this."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
