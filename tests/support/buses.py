"""Buses on a real Redis and a real PostgreSQL, for the contract suites."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

from mdreader.adapters.bus import Bus
from mdreader.adapters.redis_client import namespace, open_client
from mdreader.adapters.wire_postgres import postgres_dial
from mdreader.adapters.wire_redis import redis_dial
from mdreader.db.postgres_address import parse_address

OpenBus = Callable[[], Awaitable[Bus]]


@asynccontextmanager
async def buses(url: str) -> AsyncIterator[OpenBus]:
    """What opens buses that reach one another, as those of servers with the same REDIS_URL or DATABASE_URL."""
    async with AsyncExitStack() as stack:

        async def opened() -> Bus:
            if not url.startswith("redis:"):
                return await stack.enter_async_context(Bus(postgres_dial(parse_address(url)), "postgres").running())
            client = open_client(url)
            stack.push_async_callback(client.aclose)
            return await stack.enter_async_context(Bus(redis_dial(client, namespace(url)), "redis").running())

        yield opened
