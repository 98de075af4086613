"""Waiting for something that no event announces."""

import asyncio
from collections.abc import Callable

SECONDS = 100.0  # for a busy machine; a wait ends as soon as what is waited for is there


async def eventually(condition: Callable[[], bool], what: str, seconds: float = SECONDS) -> None:
    """Wait until `condition` holds; AssertionError when it does not within `seconds`."""
    try:
        async with asyncio.timeout(seconds):
            while not condition():  # noqa: ASYNC110 - no event announces it
                await asyncio.sleep(0.002)
    except TimeoutError:
        raise AssertionError(f"no {what} within {seconds} s") from None
