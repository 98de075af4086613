"""Work beside a block."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any


@asynccontextmanager
async def in_background(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Have `work` go on while the block runs. When that ends it is cancelled and over; what it had failed with is raised then."""
    task = asyncio.create_task(work)
    # Let it begin: a task that is cancelled before its first step never reaches its `finally`.
    await asyncio.sleep(0)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
