"""The fan-out of a single process: plain calls."""

from collections.abc import Callable

import structlog

from mdreader.kernel.events import Event

log = structlog.get_logger(__name__)


class LocalFanout:
    """Calls each subscriber in turn, on the caller's event loop."""

    def __init__(self) -> None:
        self._subscribers: list[Callable[[Event], None]] = []

    def publish(self, event: Event) -> None:
        """Call every subscriber with `event`; one that fails is logged and does not keep it from the others."""
        for callback in tuple(self._subscribers):
            try:
                callback(event)
            except Exception:
                log.exception("subscriber_failed", event_kind=type(event).__name__)

    def subscribe(self, callback: Callable[[Event], None]) -> Callable[[], None]:
        """Call `callback` with each later event; the function that is returned ends it, and may be called twice."""
        self._subscribers.append(callback)

        def end() -> None:
            if callback in self._subscribers:
                self._subscribers.remove(callback)

        return end
