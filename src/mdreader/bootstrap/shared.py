"""What servers have in common beside the database: through Redis where there is one, else through PostgreSQL, else in this process."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import cast

import structlog

from mdreader.adapters.doorbell_local import LocalDoorbell
from mdreader.adapters.fanout_local import LocalFanout
from mdreader.adapters.job_bell_local import LocalJobBell
from mdreader.adapters.rate_limits_local import LocalRateLimits
from mdreader.adapters.tickets_local import LocalTickets
from mdreader.db.engine import Database
from mdreader.jobs.bell import JobBell
from mdreader.kernel.clock import Clock
from mdreader.ports.doorbell import Doorbell
from mdreader.ports.fanout import Fanout
from mdreader.ports.rate_limits import RateLimits
from mdreader.ports.tickets import Tickets
from mdreader.settings import Settings

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Shared:
    """`doorbell` is None where there can be one server only: on SQLite."""

    fanout: Fanout
    doorbell: Doorbell | None
    rate_limits: RateLimits
    tickets: Tickets
    job_bell: JobBell


@asynccontextmanager
async def open_shared(redis_url: str | None, database: Database, clock: Clock) -> AsyncIterator[Shared]:
    """The adapters that fit; what only a fleet needs is loaded when it is chosen."""
    if redis_url is not None:
        async with _on_redis(redis_url, database, clock) as shared:
            yield shared
    elif database.dialect == "postgresql":
        async with _on_postgres(database, clock) as shared:
            yield shared
    else:
        yield Shared(LocalFanout(), None, LocalRateLimits(), LocalTickets(clock), LocalJobBell())


@asynccontextmanager
async def open_job_bell(settings: Settings, shared: JobBell) -> AsyncIterator[JobBell]:
    """The queue of SQS where one is named, else what the servers share anyway."""
    if settings.jobs_queue_url is None:
        yield shared
        return
    from mdreader.adapters.aws import Aws
    from mdreader.adapters.job_bell_sqs import WAIT_SECONDS, SqsJobBell

    aws = Aws(settings.aws_region, settings.aws_endpoint_url)
    hearer = aws.client("sqs", read_timeout=WAIT_SECONDS + 10)
    async with SqsJobBell(aws.client("sqs"), hearer, settings.jobs_queue_url).running() as bell:
        yield bell


@asynccontextmanager
async def _on_redis(url: str, database: Database, clock: Clock) -> AsyncIterator[Shared]:
    from mdreader.adapters.bus import Bus
    from mdreader.adapters.doorbell_bus import BusDoorbell
    from mdreader.adapters.fanout_bus import BusFanout
    from mdreader.adapters.job_bell_bus import BusJobBell
    from mdreader.adapters.rate_limits_redis import RedisRateLimits
    from mdreader.adapters.redis_client import namespace, open_client, open_keys
    from mdreader.adapters.tickets_database import DatabaseTickets
    from mdreader.adapters.tickets_redis import ELSEWHERE, RedisTickets
    from mdreader.adapters.wire_redis import redis_dial

    client, keys, prefix = open_client(url), open_keys(url), namespace(url)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(client.aclose)
        stack.push_async_callback(keys.aclose)
        bus = await stack.enter_async_context(Bus(redis_dial(client, prefix), "redis").running())
        yield Shared(
            await stack.enter_async_context(BusFanout(bus).running()),
            BusDoorbell(bus) if database.dialect == "postgresql" else None,
            RedisRateLimits(keys, prefix, LocalRateLimits()),
            RedisTickets(keys, prefix, DatabaseTickets(database, clock, mark=ELSEWHERE)),
            await stack.enter_async_context(BusJobBell(bus).running()),
        )


@asynccontextmanager
async def _on_postgres(database: Database, clock: Clock) -> AsyncIterator[Shared]:
    from mdreader.adapters.bus import Bus
    from mdreader.adapters.doorbell_bus import BusDoorbell
    from mdreader.adapters.fanout_bus import BusFanout
    from mdreader.adapters.job_bell_bus import BusJobBell
    from mdreader.adapters.rate_limits_database import DatabaseRateLimits
    from mdreader.adapters.tickets_database import DatabaseTickets
    from mdreader.adapters.wire_postgres import postgres_dial
    from mdreader.db.postgres import PostgresDatabase

    address = cast("PostgresDatabase", database).address
    limits, tickets = DatabaseRateLimits(database, clock), DatabaseTickets(database, clock)
    if address.pooled:
        # It forgets who listens. Other servers' edits are then found by looking, and lost rights when sockets are looked at again.
        log.warning("servers_hear_nothing", why="a pooler stands before PostgreSQL; several servers need REDIS_URL")
        yield Shared(LocalFanout(), LocalDoorbell(), limits, tickets, LocalJobBell())
        return
    async with Bus(postgres_dial(address), "postgres").running() as bus:
        async with BusFanout(bus).running() as fanout, BusJobBell(bus).running() as bell:
            yield Shared(fanout, BusDoorbell(bus), limits, tickets, bell)
