"""Followers and workers at scale: `python tests/campaigns/changes.py --changes 50000 --jobs 5000`.

Several processes change one workspace while others follow it by cursor: it ends with an error when a change is missed or doubled.
Then several workers share many small jobs: it ends with an error when one is done twice. On SQLite and on PostgreSQL, both with their
disks waited for.
"""

import argparse
import asyncio
import contextlib
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from mdreader.db.engine import Database
from mdreader.migrations import upgrade
from support.changing import write_and_follow
from support.job_worker import Bench, effects, open_database
from support.jobs import enqueue_many, made_by, until_none_is_open, worker_process
from support.postgres import Postgres


def cpu_of_children() -> float:
    """Seconds of CPU of the processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@contextlib.contextmanager
def places() -> Iterator[dict[str, str]]:
    """A fresh database of each kind, by its name."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "mdreader.sqlite3"
        upgrade(file)
        postgres = Postgres(durable=True).start()
        try:
            yield {"sqlite": f"sqlite:///{file}", "postgresql": postgres.new_database()}
        finally:
            postgres.discard()


async def _changes(name: str, database: Database, url: str, *, count: int, processes: int, writers: int) -> None:
    before = cpu_of_children()
    run = await write_and_follow(
        database, url, count=count, processes=processes, writers=writers // processes, followers=2
    )
    cpu = cpu_of_children() - before
    found = [follower.check(run.made) for follower in run.followers]
    missed, doubled = sum(one for one, _ in found), sum(one for _, one in found)
    answers = sum(follower.answers for follower in run.followers)
    how = f"{run.seconds:6.1f} s ({count / run.seconds:5.0f}/s, {1e6 * cpu / count:4.0f} us of CPU each)"
    print(
        f"{name:11} {count:6} changes by {writers} writers in {processes} processes in {how}, "
        f"2 followers in {answers} answers: {missed} missed, {doubled} doubled",
        flush=True,
    )
    assert (missed, doubled) == (0, 0)


async def _jobs(name: str, database: Database, url: str, *, count: int, workers: int) -> None:
    async with database.write() as tx:
        await tx.conn.run_sync(effects.metadata.create_all)
    bench = Bench(database)
    before = cpu_of_children()
    with contextlib.ExitStack() as stack:
        for _ in range(workers):
            stack.enter_context(worker_process(url))
        ids = await enqueue_many(bench, "once", count)
        started = time.perf_counter()
        await until_none_is_open(database, seconds=600)
        seconds = time.perf_counter() - started
    cpu = cpu_of_children() - before
    found = await made_by(database)
    doubled = sum(times - 1 for times in Counter(job_id for job_id, _, _ in found).values())
    assert {job_id for job_id, _, _ in found} == set(ids)
    how = f"{seconds:5.1f} s ({count / seconds:5.0f}/s, {1e6 * cpu / count:4.0f} us of CPU each)"
    print(f"{name:11} {count:6} jobs by {workers} workers in {how}: {doubled} done twice", flush=True)
    assert doubled == 0
    async with database.write() as tx:
        await tx.conn.execute(effects.delete())


async def _run(options: argparse.Namespace) -> None:
    with places() as found:
        for name, url in found.items():
            database = open_database(url)
            await _changes(
                name, database, url, count=options.changes, processes=options.processes, writers=options.writers
            )
            for workers in (1, 4):
                await _jobs(name, database, url, count=options.jobs, workers=workers)
            await database.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--changes", type=int, default=50_000)
    parser.add_argument("--writers", type=int, default=8)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--jobs", type=int, default=5_000)
    asyncio.run(_run(parser.parse_args()))


if __name__ == "__main__":
    main()
