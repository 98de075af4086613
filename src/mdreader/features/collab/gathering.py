"""What people type while others type along on other servers: looked at together when the room's window ends.

Nothing of it would be committed earlier. To look at each keystroke when it comes, with the processor's caches cold each time, takes longer
than all the rest that is done for it; and a window that several servers share is long enough for several keystrokes.
"""

import asyncio
from time import perf_counter
from typing import TYPE_CHECKING, Final

import structlog

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


class Gathering:
    """Of one room, between its sockets and its reception."""

    __slots__ = ("_loop", "_messages", "_pipeline", "_reception", "_taking", "_timer")

    def __init__(self, reception: Reception, pipeline: Pipeline) -> None:
        self._reception = reception
        self._pipeline = pipeline
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
                self._timer = self._loop.call_later(self._pipeline.wait(), self._window_ended)
            elif len(messages) >= MOST:
                self.take_in()

    def take_in(self) -> None:
        """Look at what waits, now."""
        if self._taking or not self._messages:
            return
        messages, self._messages = self._messages, []
        self._taking = True
        before = messages[0][2] - PAUSE
        for connection, payload, at in messages:
            try:
                # In no stretch of the loop's time: they came one by one, and what each takes is counted as if it had been looked at then.
                connection.take_late(payload, at - before)
            except Exception:  # one message's mistake must not take the others along
                log.exception("message_failed", document_id=connection.document_id)
                connection.drop("failed")
            before = at
        self._taking = False

    def _window_ended(self) -> None:
        self._timer = None
        self.take_in()
        self._pipeline.end_window()
        self._taking = True  # what comes before the commit begins still goes along
        self._loop.call_soon(self._begun)

    def _begun(self) -> None:
        self._taking = False

    def end(self) -> None:
        """The room has ended: what waits was not acknowledged."""
        self._messages.clear()
        if self._timer is not None:
            self._timer.cancel()
