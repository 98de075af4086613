"""Jobs that come again and again: a row each, and of all workers one enqueues the next."""

from collections.abc import Iterable, Mapping
from typing import Final

from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite

from mdreader.db.engine import Database, Transaction
from mdreader.jobs.queue import Jobs
from mdreader.jobs.registry import Schedule
from mdreader.jobs.tables import job_schedules

_ALL: Final = select(job_schedules.c.name, job_schedules.c.cadence)
_SET: Final = (
    update(job_schedules)
    .where(job_schedules.c.name == bindparam("of"))
    .values(cadence=bindparam("every"), next_at=bindparam("at"))
)
_CHANGE: Final = _SET.where(job_schedules.c.cadence != bindparam("every"))
_DUE: Final = (
    select(job_schedules.c.name)
    .where(job_schedules.c.next_at <= bindparam("now"), job_schedules.c.name.in_(bindparam("names", expanding=True)))
    .with_for_update(skip_locked=True)
)


async def note_schedules(database: Database, schedules: Iterable[Schedule], now: int) -> None:
    """Make a row for each schedule that is new, and begin anew with those whose cadence is another than the code's."""
    async with database.read() as conn:
        known = {row.name: row.cadence for row in await conn.execute(_ALL)}
    changed = [schedule for schedule in schedules if known.get(schedule.name) != schedule.cadence]
    if not changed:
        return
    async with database.write() as tx:
        insert = postgresql.insert if tx.conn.dialect.name == "postgresql" else sqlite.insert
        turns = [(schedule.name, schedule.cadence, schedule.next_after(now)) for schedule in changed]
        rows = [dict(zip(("name", "cadence", "next_at"), turn, strict=True)) for turn in turns]
        # Another server may have done it meanwhile, and have had the first turn, too.
        await tx.conn.execute(insert(job_schedules).on_conflict_do_nothing(), rows)
        await tx.conn.execute(_CHANGE, [dict(zip(("of", "every", "at"), turn, strict=True)) for turn in turns])


async def enqueue_due(tx: Transaction, queue: Jobs, schedules: Mapping[str, Schedule], now: int) -> None:
    """Enqueue the jobs of schedules whose turn has come. One whose last job is not finished has no second one."""
    due = (await tx.conn.execute(_DUE, {"now": now, "names": list(schedules)})).scalars().all()
    for name in due:
        schedule = schedules[name]
        await queue.enqueue(tx, schedule.kind, schedule.payload, unique_key=f"schedule:{name}")
        await tx.conn.execute(_SET, {"of": name, "every": schedule.cadence, "at": schedule.next_after(now)})
