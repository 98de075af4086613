"""Word that nobody can say whether a transaction was committed: the answer to its commit was lost, or the disk failed under it."""

import asyncio
from collections.abc import Callable
from typing import Final

# Seconds after which it is said again: what was on its way when the connection broke may be committed a while later.
AGAIN: Final = (1.0, 5.0, 20.0)


class Doubts:
    """Of one database. What was to be told after such a commit was not told; its effects may be there all the same."""

    def __init__(self) -> None:
        self._callbacks: list[Callable[[], None]] = []
        self._timers: list[asyncio.TimerHandle] = []

    def subscribe(self, callback: Callable[[], None]) -> None:
        """Call `callback`, which never raises, at once and some times after, whenever a commit is in doubt."""
        self._callbacks.append(callback)

    def arise(self) -> None:
        """A commit is in doubt."""
        self.end()
        loop = asyncio.get_running_loop()
        self._timers = [loop.call_later(seconds, self._tell) for seconds in AGAIN]
        self._tell()

    def _tell(self) -> None:
        for callback in self._callbacks:
            callback()

    def end(self) -> None:
        """Say nothing more of what was in doubt until now."""
        for timer in self._timers:
            timer.cancel()
        self._timers = []
