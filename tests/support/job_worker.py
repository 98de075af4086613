"""A worker in a process of its own, on handlers of the tests: `python job_worker.py DATABASE_URL LEASE_SECONDS SLOTS`.

Says "ready" on standard output; ends in good order when its standard input does, and with its parent. `MDREADER_FAILPOINTS` kills it.
"""

import asyncio
import os
import sys
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Column, Integer, MetaData, String, Table

from mdreader.adapters.job_bell_local import LocalJobBell
from mdreader.db.engine import Database
from mdreader.db.sqlite import SqliteDatabase
from mdreader.jobs.context import JobContext
from mdreader.jobs.queue import Jobs
from mdreader.jobs.registry import Registry
from mdreader.jobs.runner import Runner
from mdreader.kernel import failpoints
from mdreader.kernel.clock import SystemClock
from mdreader.kernel.logs import configure_logs

# Without any constraint: what is done twice can be seen.
effects = Table(
    "job_effects", MetaData(), Column("job_id", String(36)), Column("step", Integer), Column("process", Integer)
)


def open_database(url: str) -> Database:
    if url.startswith("postgresql:"):
        from mdreader.db.postgres import PostgresDatabase  # noqa: PLC0415 - an extra
        from mdreader.db.postgres_address import parse_address  # noqa: PLC0415

        return PostgresDatabase(parse_address(url))
    return SqliteDatabase(url.removeprefix("sqlite:///"))


@dataclass
class Bench:
    """What these handlers have for a runtime."""

    database: Database
    queue: Jobs = field(init=False)

    def __post_init__(self) -> None:
        registry: Registry[Bench] = Registry()
        registry.add("steps", do_steps, max_attempts=5)
        registry.add("once", do_once)
        self.queue = Jobs(registry=registry, clock=SystemClock(), bell=LocalJobBell())


async def do_steps(ctx: JobContext[Bench], payload: dict[str, Any]) -> None:
    """Write each step down once, whatever happens."""
    first = (ctx.checkpoint_data or {"next": 0})["next"]
    for step in range(first, payload["steps"]):
        async with ctx.write() as tx:
            await tx.conn.execute(effects.insert(), {"job_id": ctx.job_id, "step": step, "process": os.getpid()})
            await ctx.checkpoint({"next": step + 1}, tx)
        ctx.progress(step + 1, payload["steps"])


async def do_once(ctx: JobContext[Bench], payload: dict[str, Any]) -> None:
    """Some work, and one effect, which is the end."""
    await asyncio.sleep(payload.get("seconds", 0))
    async with ctx.write() as tx:
        await tx.conn.execute(effects.insert(), {"job_id": ctx.job_id, "step": ctx.attempt, "process": os.getpid()})
        await ctx.finish(tx)


async def work(url: str, lease_seconds: float, slots: int) -> None:
    configure_logs("warning", "json")  # not to standard output, which nobody reads on
    failpoints.arm(os.environ.get("MDREADER_FAILPOINTS", ""))
    bench = Bench(open_database(url))
    runner = Runner(bench, bench.database, bench.queue, shared=True, slots=slots, lease_seconds=lease_seconds)
    async with runner.running(grace_seconds=5):
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.read)
    await bench.database.close()


if __name__ == "__main__":
    asyncio.run(work(sys.argv[1], float(sys.argv[2]), int(sys.argv[3])))
