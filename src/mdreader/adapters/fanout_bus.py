"""The fan-out of several servers: plain calls here, JSON over the bus to the others."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

import structlog

from mdreader.adapters.bus import Bus
from mdreader.adapters.fanout_local import LocalFanout
from mdreader.kernel.events import Event, EventsMissed, decode_event, encode_event

log = structlog.get_logger(__name__)

CHANNEL: Final = "events"


class BusFanout:
    """Implements `ports.fanout.Fanout`. Subscribers hear `EventsMissed` when the link was down."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._here = LocalFanout()

    @asynccontextmanager
    async def running(self) -> AsyncIterator["BusFanout"]:
        """Hear the other servers, from here to the end."""
        end_events = await self._bus.subscribe(CHANNEL, self._received)
        end_gaps = self._bus.on_gap(lambda: self._here.publish(EventsMissed()))
        try:
            yield self
        finally:
            end_gaps()
            end_events()

    def publish(self, event: Event) -> None:
        """See `Fanout.publish`: subscribers here hear it before this returns."""
        self._here.publish(event)
        self._bus.publish(CHANNEL, encode_event(event))

    def subscribe(self, callback: Callable[[Event], None]) -> Callable[[], None]:
        """See `Fanout.subscribe`."""
        return self._here.subscribe(callback)

    def _received(self, data: bytes) -> None:
        event = decode_event(data)
        if event is None:
            log.info("event_unknown", data=data[:100])
        else:
            self._here.publish(event)
