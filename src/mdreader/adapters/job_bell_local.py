"""The job bell of a single process: plain calls."""

from collections.abc import Callable

import structlog

log = structlog.get_logger(__name__)


class LocalJobBell:
    """Implements `jobs.bell.JobBell` on one event loop."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[], None]] = []

    def ring(self) -> None:
        """Call every listener; one that fails does not keep it from the others."""
        for callback in tuple(self._listeners):
            try:
                callback()
            except Exception:
                log.exception("job_bell_listener_failed")

    def listen(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call `callback` at each later ring; the function that is returned ends it, and may be called twice."""
        self._listeners.append(callback)

        def end() -> None:
            if callback in self._listeners:
                self._listeners.remove(callback)

        return end
