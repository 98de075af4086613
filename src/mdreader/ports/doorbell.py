"""Messages about one document between the servers that have it open. The database's log is the truth; this only says "look"."""

from collections.abc import Callable
from typing import Protocol


class Doorbell(Protocol):
    """Best effort: a message may be lost or come twice. What one server sends on a document comes in its order."""

    def publish(self, document_id: str, message: bytes) -> None:
        """Send `message` to every other server that listens to this document. Never blocks, never raises."""
        ...

    async def listen(self, document_id: str, callback: Callable[[bytes], None]) -> Callable[[], None]:
        """Call `callback` with each message of other servers, from the return of this on; returns the function that ends it."""
        ...

    def on_gap(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call `callback` when messages may have been lost: the link is back, or another server gave some up."""
        ...
