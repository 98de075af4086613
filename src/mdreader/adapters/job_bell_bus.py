"""The job bell of several servers: heard here at once, and by the workers of the others over the bus."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from mdreader.adapters.bus import Bus
from mdreader.adapters.job_bell_local import LocalJobBell

CHANNEL: Final = "jobs"


class BusJobBell:
    """Implements `jobs.bell.JobBell`. While the link is down, others find jobs when they look next."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._here = LocalJobBell()
        self._ringing = False

    @asynccontextmanager
    async def running(self) -> AsyncIterator["BusJobBell"]:
        """Hear the other servers, from here to the end."""
        end = await self._bus.subscribe(CHANNEL, lambda _data: self._here.ring())
        end_gaps = self._bus.on_gap(self._here.ring)
        try:
            yield self
        finally:
            end_gaps()
            end()

    def ring(self) -> None:
        """See `JobBell.ring`: many in a row are one to the others."""
        self._here.ring()
        if not self._ringing:
            self._ringing = True
            asyncio.get_running_loop().call_soon(self._ring_others)

    def listen(self, callback: Callable[[], None]) -> Callable[[], None]:
        """See `JobBell.listen`."""
        return self._here.listen(callback)

    def _ring_others(self) -> None:
        self._ringing = False
        self._bus.publish(CHANNEL, b"")
