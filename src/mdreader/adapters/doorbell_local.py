"""The doorbell of a single server: nobody else is there to ring it."""

from collections.abc import Callable


class LocalDoorbell:
    """Implements `ports.doorbell.Doorbell`."""

    def publish(self, document_id: str, message: bytes) -> None:
        """There is no other server."""

    async def listen(self, document_id: str, callback: Callable[[bytes], None]) -> Callable[[], None]:
        """Nothing ever comes."""
        del document_id, callback
        return _nothing

    def on_gap(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Nothing is ever lost."""
        del callback
        return _nothing


def _nothing() -> None:
    """End what never began."""
