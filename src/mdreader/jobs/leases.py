"""Claiming jobs, keeping them, and letting go of them: the statements that workers race on.

A job that is claimed is due again when its lease ends, so a dead worker's job is found like any other. Each claim raises `attempt`;
whatever a worker writes about a job names its own, and meets no row once somebody else has claimed it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from sqlalchemy import Update, bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mdreader.db.engine import Transaction
from mdreader.jobs.tables import job_schedules, jobs

Error = dict[str, str]
Ending = Literal["done", "cancelled", "dead", "again", "given back"]


@dataclass(frozen=True, slots=True)
class Claimed:
    """A job that is this worker's until its lease ends."""

    id: str
    kind: str
    payload: dict[str, Any]
    attempt: int
    tries: int
    max_attempts: int
    checkpoint: dict[str, Any] | None
    cancel_requested: bool


_KINDS: Final = jobs.c.kind.in_(bindparam("kinds", expanding=True))
_NEXT: Final = select(
    select(func.min(jobs.c.due_at)).where(jobs.c.due_at.is_not(None), _KINDS).scalar_subquery(),
    select(func.min(job_schedules.c.next_at))
    .where(job_schedules.c.name.in_(bindparam("schedules", expanding=True)))
    .scalar_subquery(),
)
# SKIP LOCKED is for PostgreSQL; on SQLite, where one transaction writes at a time, it is not rendered. As a CTE it is run once:
# as a subquery PostgreSQL may run it again and again, and claim more than the limit.
_DUE: Final = (
    select(jobs.c.id)
    .where(jobs.c.due_at <= bindparam("now"), _KINDS)
    .order_by(jobs.c.due_at)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True)
    .cte("due")
)
_CLAIM: Final = (
    update(jobs)
    .where(jobs.c.id.in_(select(_DUE.c.id)))
    .values(
        state="running",
        attempt=jobs.c.attempt + 1,
        tries=jobs.c.tries + 1,
        due_at=bindparam("lease_until"),
        worker=bindparam("by"),
    )
    .returning(*(jobs.c[name] for name in Claimed.__dataclass_fields__))
)
_OURS: Final = (jobs.c.id == bindparam("of"), jobs.c.attempt == bindparam("our_attempt"), jobs.c.state == "running")
# What it was asked is forgotten with it: an address may stand there. Of a dead one it tells operators what has failed.
_DONE: Final = (
    update(jobs)
    .where(*_OURS)
    .values(state="done", due_at=None, finished_at=bindparam("at"), payload={}, checkpoint=None, error=None)
)
_CANCELLED: Final = (
    update(jobs).where(*_OURS).values(state="cancelled", due_at=None, finished_at=bindparam("at"), payload={})
)
_DEAD: Final = (
    update(jobs)
    .where(*_OURS)
    .values(state="dead", due_at=None, finished_at=bindparam("at"), error=bindparam("failure", type_=jobs.c.error.type))
)
_AGAIN: Final = (
    update(jobs)
    .where(*_OURS)
    .values(state="waiting", due_at=bindparam("at"), error=bindparam("failure", type_=jobs.c.error.type))
)
_GIVE_BACK: Final = update(jobs).where(*_OURS).values(state="waiting", due_at=bindparam("at"), tries=jobs.c.tries - 1)
# Not those whose row is locked: a transaction of the job itself may hold it, and the others should not wait for that.
_HELD: Final = (
    select(jobs.c.id)
    .where(jobs.c.id.in_(bindparam("ids", expanding=True)), jobs.c.worker == bindparam("by"), jobs.c.state == "running")
    .with_for_update(skip_locked=True)
)
_RENEW: Final = (
    update(jobs).where(jobs.c.id.in_(select(_HELD.cte("held").c.id))).values(due_at=bindparam("lease_until"))
)
_STATES: Final = select(jobs.c.id, jobs.c.attempt, jobs.c.state, jobs.c.cancel_requested).where(
    jobs.c.id.in_(bindparam("ids", expanding=True))
)
_PROGRESS: Final = (
    update(jobs).where(*_OURS).values(done=bindparam("made"), total=bindparam("of_all"), note=bindparam("said"))
)
_BY_ENDING: Final[dict[Ending, Update]] = {
    "done": _DONE,
    "cancelled": _CANCELLED,
    "dead": _DEAD,
    "again": _AGAIN,
    "given back": _GIVE_BACK,
}


Progress = tuple[str, int, int, int | None, str]
"""A job's id, its attempt, so many, of so many, note."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended. `at` is when the job is to be tried again, or when it ended; milliseconds."""

    job_id: str
    attempt: int
    ending: Ending
    at: int
    error: Error | None = None


async def next_due(conn: AsyncConnection, *, kinds: Sequence[str], schedules: Sequence[str]) -> int | None:
    """When the next job of these kinds or the next turn of these schedules is due, in milliseconds; None for never."""
    row = (await conn.execute(_NEXT, {"kinds": kinds, "schedules": schedules})).one()
    return min((at for at in row if at is not None), default=None)


async def claim(
    tx: Transaction, *, kinds: Sequence[str], limit: int, worker: str, now: int, lease_until: int
) -> list[Claimed]:
    """Take up to `limit` jobs that are due, those that wait the longest first."""
    bound = {"kinds": kinds, "limit": limit, "by": worker, "now": now, "lease_until": lease_until}
    return [Claimed(*row) for row in await tx.conn.execute(_CLAIM, bound)]


async def settle(tx: Transaction, outcomes: Sequence[Outcome]) -> None:
    """Write down how attempts ended. One whose job somebody else has claimed since changes nothing."""
    for outcome in outcomes:
        bound: dict[str, Any] = {"of": outcome.job_id, "our_attempt": outcome.attempt, "at": outcome.at}
        if outcome.ending in {"dead", "again"}:
            bound["failure"] = outcome.error
        await tx.conn.execute(_BY_ENDING[outcome.ending], bound)


async def renew(tx: Transaction, ids: Sequence[str], *, worker: str, lease_until: int) -> None:
    """Keep jobs until `lease_until`, as far as they are still this worker's."""
    await tx.conn.execute(_RENEW, {"ids": ids, "by": worker, "lease_until": lease_until})


@dataclass(frozen=True, slots=True)
class Standing:
    """What the database says of a job that a worker believes to have."""

    attempt: int
    running: bool
    cancel_requested: bool


async def standing(conn: AsyncConnection, ids: Sequence[str]) -> dict[str, Standing]:
    """How jobs stand, by id."""
    rows = await conn.execute(_STATES, {"ids": ids})
    return {row.id: Standing(row.attempt, row.state == "running", row.cancel_requested) for row in rows}


async def store_progress(tx: Transaction, rows: Sequence[Progress], *, worker: str) -> set[str]:
    """Note how far jobs are; the ids of those of which it was noted. A job that is writing itself has its turn later."""
    held = {"ids": [row[0] for row in rows], "by": worker}
    free = set((await tx.conn.execute(_HELD, held)).scalars())
    names = ("of", "our_attempt", "made", "of_all", "said")
    bound = [dict(zip(names, row, strict=True)) for row in rows if row[0] in free]
    if bound:
        await tx.conn.execute(_PROGRESS, bound)
    return free
