"""`mdreader worker`: does the work in the background, without serving anybody."""

import asyncio
import contextlib
import os
import signal

import structlog

from mdreader import __version__
from mdreader.bootstrap.database import hold_storage, on_postgres
from mdreader.bootstrap.extras import check_extras
from mdreader.bootstrap.runtime import build_runtime
from mdreader.bootstrap.telemetry import collecting, make_tracing, telling_of_dead_jobs
from mdreader.cli.outcome import stop
from mdreader.cli.trouble import explain, where_to_look
from mdreader.jobs.runner import Runner
from mdreader.kernel import failpoints
from mdreader.kernel.data_folder import DataFolderInUseError
from mdreader.kernel.logs import configure_logs
from mdreader.settings import Settings, SettingsError, load_settings

log = structlog.get_logger(__name__)

# For jobs that are under way at a stop, of the ten seconds that there are.
GRACE_SECONDS = 6.0


def run(slots: int) -> int:
    """Work until SIGINT or SIGTERM; the process's exit code."""
    try:
        settings = load_settings(
            worker="off"
        )  # the runtime's own runner; this one has other slots and more time to end
        check_extras(settings)
    except SettingsError as error:
        return stop("These settings cannot be used:", str(error))
    configure_logs(settings.log_level, settings.log_format)
    failpoints.arm(os.environ.get("MDREADER_FAILPOINTS", ""))
    try:
        # SQLite is for one process: beside a server, each would believe that it alone has the documents.
        with contextlib.nullcontext() if on_postgres(settings) else hold_storage(settings):
            asyncio.run(_work(settings, slots))
    except DataFolderInUseError as error:
        return stop(str(error), "On SQLite the server does this work itself. Workers of their own need PostgreSQL.")
    except Exception as error:
        if (reason := explain(error)) is None:
            raise
        return stop(f"Cannot start: {reason}", where_to_look(settings))
    return 0


async def _work(settings: Settings, slots: int) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with collecting(make_tracing(settings)), build_runtime(settings) as runtime:
        database, jobs = runtime.database, runtime.jobs
        on_dead = telling_of_dead_jobs(runtime)
        # Shared on SQLite too: who enqueues there is another process, which cannot ring.
        runner = Runner(runtime, database, jobs, slots=slots, shared=True, on_dead=on_dead)
        async with runner.running(grace_seconds=GRACE_SECONDS):
            log.info(
                "working", worker=runner.name, slots=slots, kinds=sorted(jobs.registry.handlers), version=__version__
            )
            await stop.wait()
            log.info("stopping", running=runner.busy)
    log.info("stopped")
