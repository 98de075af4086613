"""Putting jobs into the queue, inside the transaction that needs them, and asking about them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from sqlalchemy import BigInteger, Insert, bindparam, case, func, literal, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from mdreader.db.engine import Transaction
from mdreader.jobs.bell import JobBell
from mdreader.jobs.errors import JobFinishedError
from mdreader.jobs.metrics import JOBS_OLDEST, JOBS_WAITING
from mdreader.jobs.registry import Payload, Registry
from mdreader.jobs.tables import jobs
from mdreader.kernel.clock import Clock
from mdreader.kernel.errors import NotFoundError
from mdreader.kernel.ids import is_id, new_id

State = Literal["waiting", "running", "done", "dead", "cancelled"]


@dataclass(frozen=True, slots=True)
class Job:
    """A job as people see it. Instants in milliseconds; `error` is that of the newest failure: `code`, `detail`, `trace`."""

    id: str
    kind: str
    state: State
    attempt: int
    max_attempts: int
    done: int
    total: int | None
    note: str
    error: dict[str, str] | None
    cancel_requested: bool
    workspace_id: str | None
    started_by: str | None
    created_at: int
    due_at: int | None
    finished_at: int | None


# In the order of the fields.
_COLUMNS: Final = [jobs.c[name] for name in Job.__dataclass_fields__]
_ONE: Final = select(*_COLUMNS).where(jobs.c.id == bindparam("job_id"))
_STANDING: Final = select(jobs.c.id).where(
    jobs.c.kind == bindparam("kind"), jobs.c.unique_key == bindparam("unique_key"), jobs.c.finished_at.is_(None)
)
_OF_WORKSPACE: Final = select(*_COLUMNS).where(jobs.c.workspace_id == bindparam("workspace_id"))
_NEWEST: Final = _OF_WORKSPACE.order_by(jobs.c.id.desc()).limit(bindparam("limit"))
_DEPTH: Final = select(func.count(), func.min(jobs.c.due_at)).where(
    jobs.c.due_at <= bindparam("now"), jobs.c.state == "waiting"
)
_WAITS: Final = jobs.c.state == "waiting"
_CANCEL: Final = (
    update(jobs)
    .where(jobs.c.id == bindparam("job_id"), jobs.c.state.in_(["waiting", "running"]))
    .values(
        cancel_requested=True,
        state=case((_WAITS, "cancelled"), else_=jobs.c.state),
        payload=case((_WAITS, literal({}, jobs.c.payload.type)), else_=jobs.c.payload),
        due_at=case((_WAITS, None), else_=jobs.c.due_at),
        finished_at=case((_WAITS, bindparam("now", type_=BigInteger)), else_=None),
    )
)


class Jobs:
    """The way into the queue, for everybody who has a runtime."""

    def __init__(self, *, registry: Registry[Any], clock: Clock, bell: JobBell) -> None:
        self.registry = registry
        self.clock = clock
        self.bell = bell

    async def enqueue(
        self,
        tx: Transaction,
        kind: str,
        payload: Payload,
        *,
        run_at: int | None = None,
        unique_key: str | None = None,
        max_attempts: int | None = None,
        workspace_id: str | None = None,
        started_by: str | None = None,
    ) -> str:
        """Have a job of `kind` done once `tx` is committed, or not before `run_at` (milliseconds); its id.

        `payload` is JSON and should hold ids, not contents; it is emptied when the job is done or cancelled. With a `unique_key`, a
        job of this kind and key that is not finished is answered instead of making another: it may be running already.
        `workspace_id` and `started_by` (a user) say who may see and cancel it over HTTP; without them nobody can.
        """
        handler = self.registry.handlers[kind]
        now = self.clock.now()
        row = {
            "id": new_id(),
            "kind": kind,
            "payload": payload,
            "unique_key": unique_key,
            "state": "waiting",
            "due_at": now if run_at is None else run_at,
            "max_attempts": max_attempts or handler.max_attempts,
            "workspace_id": workspace_id,
            "started_by": started_by,
            "created_at": now,
        }
        job_id = await _insert(tx, row)
        tx.after_commit(self.bell.ring)
        return job_id

    async def cancel(self, tx: Transaction, job_id: str) -> None:
        """Cancel a job: at once while it waits; a running one is asked to stop, within seconds. `JobFinishedError`."""
        if (await tx.conn.execute(_CANCEL, {"job_id": job_id, "now": self.clock.now()})).rowcount == 0:
            raise JobFinishedError
        tx.after_commit(self.bell.ring)

    async def measure(self, conn: AsyncConnection) -> None:
        """Set the gauges of what waits: how many jobs do although their time has come, and how long the oldest one has."""
        now = self.clock.now()
        count, oldest = (await conn.execute(_DEPTH, {"now": now})).one()
        JOBS_WAITING.set(count)
        JOBS_OLDEST.set(0 if oldest is None else (now - oldest) / 1000)


async def _insert(tx: Transaction, row: dict[str, Any]) -> str:
    if row["unique_key"] is None:
        await tx.conn.execute(jobs.insert(), row)
        return str(row["id"])
    statement = _insert_unless_there(tx.conn.dialect.name)
    while True:
        made: str | None = (await tx.conn.execute(statement, row)).scalar_one_or_none()
        # The one that stands there may finish between the two statements: then there is room for another.
        found = made or await tx.conn.scalar(_STANDING, {"kind": row["kind"], "unique_key": row["unique_key"]})
        if found is not None:
            return str(found)


def _insert_unless_there(dialect: str) -> Insert:
    where = {"index_elements": ["kind", "unique_key"], "index_where": jobs.c.finished_at.is_(None)}
    if dialect == "postgresql":
        return postgresql.insert(jobs).on_conflict_do_nothing(**where).returning(jobs.c.id)  # type: ignore[arg-type]
    return sqlite.insert(jobs).on_conflict_do_nothing(**where).returning(jobs.c.id)  # type: ignore[arg-type]


async def get_job(conn: AsyncConnection, job_id: str) -> Job:
    """One job. Raises `NotFoundError`."""
    row = (await conn.execute(_ONE, {"job_id": job_id})).one_or_none() if is_id(job_id) else None
    if row is None:
        raise NotFoundError("There is no such job.")
    return Job(*row)


async def list_jobs(
    conn: AsyncConnection, workspace_id: str, *, started_by: str | None, before: str | None, limit: int
) -> Sequence[Job]:
    """Jobs of a workspace, the newest first: all, or those that one person started; older than the one with the id `before`."""
    statement = _NEWEST
    if started_by is not None:
        statement = statement.where(jobs.c.started_by == started_by)
    if before is not None:
        statement = statement.where(jobs.c.id < before)
    return [Job(*row) for row in await conn.execute(statement, {"workspace_id": workspace_id, "limit": limit})]
