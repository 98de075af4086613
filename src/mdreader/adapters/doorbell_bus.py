"""The doorbell of several servers: one channel of the bus a document."""

from collections.abc import Callable

from mdreader.adapters.bus import Bus


class BusDoorbell:
    """Implements `ports.doorbell.Doorbell`."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    def publish(self, document_id: str, message: bytes) -> None:
        """See `Doorbell.publish`."""
        self._bus.publish(f"d:{document_id}", message)

    async def listen(self, document_id: str, callback: Callable[[bytes], None]) -> Callable[[], None]:
        """See `Doorbell.listen`."""
        return await self._bus.subscribe(f"d:{document_id}", callback)

    def on_gap(self, callback: Callable[[], None]) -> Callable[[], None]:
        """See `Doorbell.on_gap`."""
        return self._bus.on_gap(callback)
