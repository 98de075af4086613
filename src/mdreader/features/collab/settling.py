"""Those who wait for a moment at which a room's document is exactly what is committed."""

from collections.abc import Callable


class Settling:
    """Of one room. All on the event loop."""

    __slots__ = ("_callbacks", "_ended", "_is_settled")

    def __init__(self, is_settled: Callable[[], bool]) -> None:
        """`is_settled` says whether this is such a moment."""
        self._is_settled = is_settled
        self._callbacks: list[Callable[[], None]] = []
        self._ended = False

    def __bool__(self) -> bool:
        """Whether somebody waits."""
        return bool(self._callbacks)

    def when(self, callback: Callable[[], None]) -> None:
        """Call at such a moment, now if this is one, or when the room has ended: `callback` looks itself whether it has."""
        if self._ended or self._is_settled():
            callback()
        else:
            self._callbacks.append(callback)

    def at_next(self, callback: Callable[[], None]) -> None:
        """Call when the document has come into memory, or at the next such moment."""
        self._callbacks.append(callback)

    def run(self) -> None:
        """Tell those who wait, if this is such a moment."""
        if self._callbacks and not self._ended and self._is_settled():
            self._tell()

    def end(self) -> None:
        """The room has ended."""
        self._ended = True
        self._tell()

    def _tell(self) -> None:
        callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback()
