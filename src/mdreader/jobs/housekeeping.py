"""Finished jobs are kept for a while, so that people can look at them; then they go."""

from typing import Any, Final

from sqlalchemy import bindparam, delete, select

from mdreader.jobs.context import JobContext, R
from mdreader.jobs.registry import Payload, Registry, Schedule
from mdreader.jobs.tables import jobs

PRUNE: Final = "jobs.prune"
KEEP_DAYS: Final = 7
KEEP_FAILED_DAYS: Final = 30
_CHUNK: Final = 500
_DAY: Final = 24 * 3600 * 1000

_OLD: Final = (
    select(jobs.c.id)
    .where(
        (jobs.c.finished_at < bindparam("failed_before"))
        | ((jobs.c.finished_at < bindparam("before")) & (jobs.c.state != "dead"))
    )
    .order_by(jobs.c.finished_at)
    .limit(_CHUNK)
)
_DELETE: Final = delete(jobs).where(jobs.c.id.in_(_OLD))


def register(registry: Registry[R]) -> None:
    """What the queue does for itself."""
    registry.add(PRUNE, prune_jobs, max_attempts=3)
    registry.repeat(Schedule("jobs.prune", PRUNE, daily_at="03:20"))


async def prune_jobs(ctx: JobContext[Any], _payload: Payload) -> None:
    """Delete jobs that finished a week ago, those that failed a month ago."""
    now = ctx.now()
    bound = {"before": now - KEEP_DAYS * _DAY, "failed_before": now - KEEP_FAILED_DAYS * _DAY}
    deleted, more = 0, True
    while more:
        async with ctx.write() as tx:
            gone = (await tx.conn.execute(_DELETE, bound)).rowcount
        deleted, more = deleted + gone, gone == _CHUNK
        ctx.progress(deleted)
