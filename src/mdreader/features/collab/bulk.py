"""A large update: a paste of megabytes, or what somebody wrote in a week offline. It must not hold up the other rooms."""

import asyncio
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mdreader.features.collab.connection import Connection

# Updates over this size are checked on a thread and applied in parts; a gate on the loop would take milliseconds for them.
BULK_BYTES = 16 * 1024
# Seconds on the loop at a stretch.
STRETCH = 0.008


class Bulk:
    """One large update on its way through a room."""

    __slots__ = ("_since", "applied", "begun", "connection", "step2", "update")

    def __init__(self, connection: "Connection", update: bytes, *, step2: bool) -> None:
        self.connection = connection
        self.update = update
        self.step2 = step2
        self.begun = False  # the replica holds a part of it
        self.applied: bytes | None = None  # the replica holds it all; this is what is to be committed
        self._since = time.perf_counter()

    async def breathe(self) -> None:
        """Called after each part: lets the others go on when the loop was held long enough."""
        self.begun = True
        if time.perf_counter() - self._since > STRETCH:
            await asyncio.sleep(0)
            self._since = time.perf_counter()
