"""A large update: a paste of megabytes, or what somebody wrote in a week offline. It must not hold up the other rooms."""

import asyncio
import time
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mdreader.features.collab.connection import Connection

# Updates over this size are checked on a thread and applied in parts; a gate on the loop would take milliseconds for them.
BULK_BYTES = 16 * 1024
# So are updates of more pieces than this: yrs may need milliseconds for a single one, and cannot be interrupted.
BULK_PIECES = 32
# Seconds on the loop at a stretch.
STRETCH = 0.004


class Stage(Enum):
    """How far a large update is."""

    WAITING = "waiting"  # for what came before it
    BUSY = "busy"  # being checked, and applied part by part: the replica is neither before it nor after it
    APPLIED = "applied"  # the replica holds it all; it is to be committed


class Breath:
    """Of somebody who works on the loop for long: lets the others go on in between."""

    __slots__ = ("_since",)

    def __init__(self) -> None:
        self._since = time.perf_counter()

    async def take(self) -> None:
        """Called after each part: lets the others go on when the loop was held long enough."""
        if time.perf_counter() - self._since > STRETCH:
            await asyncio.sleep(0)
            self._since = time.perf_counter()


class Bulk:
    """One large update on its way through a room."""

    __slots__ = ("connection", "news", "stage", "step2", "turn", "update")

    def __init__(self, connection: "Connection", update: bytes, *, step2: bool) -> None:
        self.connection = connection
        self.update = update
        self.step2 = step2
        self.stage = Stage.WAITING
        self.turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.news = b""  # what is to be committed, once it is applied

    def begin(self) -> None:
        """Everything before it is committed."""
        if self.stage is Stage.WAITING:
            self.stage = Stage.BUSY
            if not self.turn.done():
                self.turn.set_result(None)
