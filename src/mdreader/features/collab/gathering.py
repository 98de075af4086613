"""What people type while others type along on other servers: looked at together when the room's window ends.

Nothing of it would be committed earlier. To look at each keystroke when it comes, with the processor's caches cold each time, takes longer
than all the rest that is done for it; and a window that several servers share is long enough for several keystrokes. While several come in
each of them, they are left in the sockets until then.
"""

import asyncio
from collections.abc import Collection
from time import perf_counter
from typing import TYPE_CHECKING, Final

import structlog

from mdreader.features.collab.ears import Ears
from mdreader.features.collab.pipeline import Pipeline
from mdreader.features.collab.reception import Reception
from mdreader.features.collab.window import PAUSE

if TYPE_CHECKING:
    from mdreader.features.collab.connection import Connection

log = structlog.get_logger(__name__)

# How a message begins that waits: an update. Who is where is told apart, and everything else comes behind what waits.
_UPDATE: Final = b"\0\2"
_AWARENESS: Final = b"\1"
# Larger ones, and more of them, are looked at at once.
MOST_BYTES: Final = 1000
MOST: Final = 64
# After so many windows in a row in which nothing came the loop reads the sockets again. Both end before `PAUSE` has gone by.
EMPTY_WINDOWS: Final = 2


class Gathering:
    """Of one room, between its sockets and its reception."""

    __slots__ = (
        "_connections",
        "_ears",
        "_empty",
        "_ended",
        "_loop",
        "_messages",
        "_pipeline",
        "_reception",
        "_taking",
        "_timer",
    )

    def __init__(self, reception: Reception, pipeline: Pipeline, connections: Collection["Connection"]) -> None:
        """`connections`: those of the room, whoever comes and goes."""
        self._reception = reception
        self._pipeline = pipeline
        self._connections = connections
        self._ears = Ears()
        self._empty = 0  # windows in a row in which nothing came
        self._ended = False
        self._loop = asyncio.get_running_loop()
        self._messages: list[tuple[Connection, bytes, float]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._taking = False

    @property
    def waits(self) -> bool:
        """Whether something was received that nobody has looked at yet."""
        return bool(self._messages)

    def receive(self, connection: "Connection", payload: bytes) -> None:
        """As `Reception.receive`, in its time."""
        messages = self._messages
        if not payload.startswith(_UPDATE) or len(payload) > MOST_BYTES or self._taking:
            if messages and not payload.startswith(_AWARENESS):
                self.take_in()
            self._reception.receive(connection, payload)
        elif self._reception.holds or not (messages or self._pipeline.gathers):
            self._reception.receive(connection, payload)
        else:
            messages.append((connection, payload, perf_counter()))
            if self._timer is None:
                self._timer = self._loop.call_later(self._pipeline.wait(), self.end_window)
            elif len(messages) >= MOST:
                self.take_in()

    def take_in(self) -> int:
        """Look at what waits here, now; how much of it there was. What lies in the sockets waits for the end of the window."""
        if self._taking or not self._messages:
            return 0
        self._taking = True
        messages, self._messages = self._messages, []
        before = messages[0][2] - PAUSE
        for connection, payload, at in messages:
            try:
                # In no stretch of the loop's time: they came one by one, and what each takes is counted as if it had been looked at then.
                connection.take_late(payload, self._reception.receive, at - before)
            except Exception:  # one message's mistake must not take the others along
                log.exception("message_failed", document_id=connection.document_id)
                connection.drop("failed")
            before = at
        self._taking = False
        return len(messages)

    def _take_all_in(self) -> int:
        came = self.take_in()
        self._taking = True
        try:
            came += self._ears.read()
        except Exception:  # whatever it is, nobody may stay deaf
            log.exception("sockets_not_read")
            self._ears.give_all_back()
        finally:
            self._taking = False
        return came

    def let_go(self, connection: "Connection") -> None:
        """It has left the room."""
        self._ears.give_back(connection)

    def end_window(self) -> None:
        """Have what came in the room's window committed."""
        self._timer = None
        came = self._pipeline.end_window(self._take_all_in)
        if self._ended:
            return
        self._taking = True  # what comes before the commit begins still goes along
        self._loop.call_soon(self._begun)
        self._go_on(came)

    def _go_on(self, came: int) -> None:
        """Choose who reads the sockets in the next window."""
        self._empty = 0 if came else self._empty + 1
        if self._empty >= EMPTY_WINDOWS or not self._pipeline.gathers:
            self._ears.give_all_back()
            return
        if came > 1:
            self._ears.take(self._connections)
        if self._ears:
            self._timer = self._loop.call_later(self._pipeline.window_left(), self.end_window)

    def _begun(self) -> None:
        self._taking = False

    def end(self) -> None:
        """The room has ended: what waits was not acknowledged."""
        self._ended = True
        self._messages.clear()
        self._ears.give_all_back()
        if self._timer is not None:
            self._timer.cancel()
