"""What operators hear of: notices and traces."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from socket import gethostname
from typing import TYPE_CHECKING

from mdreader import __version__
from mdreader.adapters.notices_log import LogNotices
from mdreader.kernel.tracing import collect
from mdreader.ports.notices import Kind, Notice, Notices
from mdreader.runtime import Runtime
from mdreader.settings import Settings

if TYPE_CHECKING:
    from mdreader.adapters.tracing_otel import OtelTracing


def make_tracing(settings: Settings) -> "OtelTracing | None":
    """Who collects spans, when somebody does."""
    if settings.otlp_endpoint is None:
        return None
    from mdreader.adapters.tracing_otel import OtelTracing

    return OtelTracing(settings.otlp_endpoint, version=__version__)


@asynccontextmanager
async def collecting(tracing: "OtelTracing | None") -> AsyncIterator[None]:
    """Collect spans while the block runs."""
    if tracing is None:
        yield
        return
    collect(tracing)
    try:
        yield
    finally:
        collect(None)
        await asyncio.to_thread(tracing.close)


@asynccontextmanager
async def open_notices(settings: Settings) -> AsyncIterator[Notices]:
    """Where operators are told: a topic, or the log."""
    if settings.sns_topic_arn is None:
        yield LogNotices()
        return
    from mdreader.adapters.aws import Aws
    from mdreader.adapters.notices_sns import SnsNotices

    client = Aws(settings.aws_region, settings.aws_endpoint_url).client("sns")
    async with SnsNotices(client, settings.sns_topic_arn).running() as notices:
        yield notices


@contextmanager
def telling_of_its_life(runtime: Runtime) -> Iterator[None]:
    """Tell operators that this server has started, and when the block ends that it stops."""
    host = gethostname()

    def tell(kind: Kind, what: str) -> None:
        notice = Notice(
            kind,
            "info",
            f"mdreader {what} on {host}",
            subject=f"{host}:{os.getpid()}",
            data={"version": __version__, "process": os.getpid()},
        )
        runtime.notices.publish(notice)

    tell("server.started", "started")
    yield
    tell("server.stopping", "stops")


def telling_of_dead_jobs(runtime: Runtime) -> Callable[[str], None]:
    """What tells operators that a job failed for the last time. Its error may hold what somebody wrote, and stays here."""

    def tell(kind: str) -> None:
        runtime.notices.publish(Notice("job.dead", "error", f"A job failed for the last time: {kind}", subject=kind))

    return tell
