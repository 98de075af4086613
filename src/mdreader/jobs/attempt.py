"""One attempt at one job, from its claim to what became of it."""

import asyncio
import random
import time
import traceback
from collections.abc import Callable
from typing import Final, Generic

import structlog

from mdreader.jobs.context import JobContext, R
from mdreader.jobs.errors import GiveUpError, JobCancelledError, LeaseLostError, RetryLaterError
from mdreader.jobs.leases import Claimed, Error, Outcome, Standing
from mdreader.jobs.metrics import JOB_SECONDS
from mdreader.jobs.registry import Handler
from mdreader.kernel.clock import Clock
from mdreader.kernel.errors import AppError
from mdreader.kernel.failpoints import hit
from mdreader.kernel.tracing import working

log = structlog.get_logger(__name__)

# Seconds before the second attempt, doubled for each further one, up to an hour; a random half of it is left out.
BACKOFF: Final = 2.0
LONGEST: Final = 3600.0
# A handler that does not look whether it was cancelled is interrupted after so many seconds.
CANCEL_SECONDS: Final = 10.0
_TRACE: Final = 4000


class Attempt(Generic[R]):
    """Runs the handler as a task; `on_end` is called with this and the outcome, which is None when there is nothing to write."""

    def __init__(
        self,
        ctx: JobContext[R],
        claimed: Claimed,
        handler: Handler[R],
        clock: Clock,
        on_end: Callable[["Attempt[R]", Outcome | None], None],
    ) -> None:
        self.ctx = ctx
        self._claimed = claimed
        self._handler = handler
        self._clock = clock
        self._on_end = on_end
        self._interrupted = False
        self._cancelled_since: float | None = None
        self.task = asyncio.get_running_loop().create_task(self._work(), name=f"job-{claimed.id}")

    def heed(self, found: Standing | None) -> None:
        """Take note of what the database says of the job: it may be cancelled, or somebody else's."""
        ctx = self.ctx
        if ctx.finishing:
            return
        if found is None or not found.running or found.attempt != ctx.attempt:
            ctx.lost = True
            self.task.cancel()
        elif found.cancel_requested:
            now = asyncio.get_running_loop().time()
            ctx.cancelled = True
            if self._cancelled_since is None:
                self._cancelled_since = now
            elif now - self._cancelled_since > CANCEL_SECONDS:
                self.task.cancel()

    def interrupt(self) -> None:
        """The worker stops: the job goes back to the queue."""
        self._interrupted = True
        self.task.cancel()

    async def _work(self) -> None:
        ctx, claimed = self.ctx, self._claimed
        started = time.perf_counter()
        error: BaseException | None = None
        with structlog.contextvars.bound_contextvars(job_id=claimed.id, job=claimed.kind, attempt=claimed.attempt):
            try:
                _check_before(claimed)
                async with asyncio.timeout(self._handler.timeout_seconds):
                    with working("job", kind=claimed.kind, attempt=claimed.attempt):
                        await self._handler.handle(ctx, claimed.payload)
            except (KeyboardInterrupt, SystemExit):
                raise
            except BaseException as raised:  # noqa: BLE001 - whatever it is (pycrdt's panics are no Exception), the job must end somehow
                error = raised
            hit("job.ended")
            seconds = time.perf_counter() - started
            JOB_SECONDS.labels(claimed.kind).observe(seconds)
            outcome = self._outcome(error)
            failed = outcome is not None and outcome.ending in {"dead", "again"}
            log.log(
                30 if failed else 20,
                "job",
                ending="lost" if outcome is None and not ctx.finished else outcome.ending if outcome else "done",
                ms=round(seconds * 1000, 1),
                exc_info=error if failed and not isinstance(error, (GiveUpError, RetryLaterError)) else None,
            )
        self._on_end(self, outcome)

    def _outcome(self, error: BaseException | None) -> Outcome | None:
        ctx, now = self.ctx, self._clock.now()
        if ctx.finished or ctx.lost or isinstance(error, LeaseLostError):
            return None
        if error is None:
            return Outcome(ctx.job_id, ctx.attempt, "done", now)
        if isinstance(error, JobCancelledError) or (ctx.cancelled and isinstance(error, asyncio.CancelledError)):
            return Outcome(ctx.job_id, ctx.attempt, "cancelled", now)
        if self._interrupted and isinstance(error, asyncio.CancelledError):
            return Outcome(ctx.job_id, ctx.attempt, "given back", now)
        reason = _described(error)
        if isinstance(error, GiveUpError) or ctx.tries >= self._claimed.max_attempts:
            return Outcome(ctx.job_id, ctx.attempt, "dead", now, reason)
        seconds = error.seconds if isinstance(error, RetryLaterError) else backoff(ctx.tries)
        return Outcome(ctx.job_id, ctx.attempt, "again", now + int(seconds * 1000), reason)


def backoff(tries: int) -> float:
    """Seconds to wait after so many failed attempts."""
    return min(LONGEST, BACKOFF * 2.0 ** min(tries - 1, 32)) * random.uniform(0.5, 1.0)  # noqa: S311 - spreads them


def _check_before(claimed: Claimed) -> None:
    """What the lease's end leaves to say: somebody cancelled it meanwhile, or too many workers died over it."""
    if claimed.cancel_requested:
        raise JobCancelledError(claimed.id)
    if claimed.tries > claimed.max_attempts:
        raise GiveUpError(f"The process that worked on it ended, {claimed.max_attempts} times.")


def _described(error: BaseException) -> Error:
    if isinstance(error, AppError):
        return {"code": error.code, "detail": error.detail}
    if isinstance(error, (GiveUpError, RetryLaterError)):
        return {"code": "given_up" if isinstance(error, GiveUpError) else "try_later", "detail": str(error)}
    # The trace is for those who read the database; what it says may not be for those who read the API.
    trace = "".join(traceback.format_exception(error))[-_TRACE:]
    return {"code": "internal_error", "detail": "It failed; the server's log says why.", "trace": trace}
