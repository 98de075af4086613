"""`mdreader worker`: jobs in a process of their own."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mdreader.adapters.job_bell_local import LocalJobBell
from mdreader.bootstrap.database import open_database
from mdreader.bootstrap.runtime import job_registry
from mdreader.jobs.queue import Jobs
from mdreader.kernel.clock import SystemClock
from mdreader.settings import Settings, load_settings
from support.forked import start_mdreader
from support.jobs import read_job, until_done
from support.postgres import Postgres
from support.server import Server

COMMAND = ["worker", "--slots", "2"]


def environment(settings: Settings) -> dict[str, str]:
    keep = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    url = {"DATABASE_URL": settings.database_url} if settings.database_url else {}
    return {**keep, **url, "MDREADER_DATA": str(settings.data), "MDREADER_LOG_FORMAT": "json"}


@contextmanager
def worker(settings: Settings, log: list[str]) -> Iterator[subprocess.Popen[str]]:
    """A worker that has begun; `log` gets its lines."""
    process = start_mdreader(
        COMMAND, environment(settings), Path.cwd(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    begun = threading.Event()

    def read() -> None:
        assert process.stderr is not None
        with process.stderr as lines:
            for line in lines:
                log.append(line)
                if '"event": "working"' in line:
                    begun.set()

    reader = threading.Thread(target=read)
    reader.start()
    try:
        assert begun.wait(60), log
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(60)
        reader.join(60)


async def work_through(settings: Settings) -> list[str]:
    """Enqueue a job from a process that does none, have it done by a worker, and end that; what it wrote."""
    log: list[str] = []
    queue = Jobs(registry=job_registry(settings), clock=SystemClock(), bell=LocalJobBell())
    async with open_database(settings, migrate=False) as database:
        with worker(settings, log) as process:
            async with database.write() as tx:
                job_id = await queue.enqueue(tx, "jobs.prune", {})
            assert (await until_done(database, job_id)).attempt == 1
            process.send_signal(signal.SIGTERM)
            started = time.monotonic()
            assert process.wait(60) == 0
            assert time.monotonic() - started < 30  # on a machine that does much else, too
        assert (await read_job(database, job_id)).state == "done"
    assert any(job_id in line and '"ending": "done"' in line for line in log), log
    return log


async def test_a_worker_does_what_others_enqueue_and_ends_in_good_order(settings: Settings) -> None:
    log = await work_through(settings)
    assert any('"event": "stopped"' in line for line in log)


async def test_a_server_may_leave_the_work_to_workers(postgres: Postgres, tmp_path: Path) -> None:
    url = postgres.new_database()
    server = Server(tmp_path / "server", DATABASE_URL=url, MDREADER_WORKER="off")
    server.start()
    try:
        await work_through(load_settings(data=tmp_path / "worker", database_url=url))
        assert '"event": "job"' not in "".join(server.log)
    finally:
        server.stop()


@pytest.mark.sqlite_only("PostgreSQL is for several processes")
def test_beside_a_server_on_sqlite_there_is_no_worker(server: Server) -> None:
    settings = load_settings(data=server.data)
    # From nothing: what is not forked.
    command = [sys.executable, "-m", "mdreader.cli", *COMMAND]
    refused = subprocess.run(
        command, env=environment(settings), capture_output=True, text=True, timeout=120, check=False
    )
    assert refused.returncode == 1
    assert "in use by the server at" in refused.stderr
    assert "PostgreSQL" in refused.stderr
