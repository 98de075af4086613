"""Telling workers at once that there is something to do."""

from collections.abc import Callable
from typing import Protocol


class JobBell(Protocol):
    """A hint, never more: who misses one finds the job when it looks at the database next."""

    def ring(self) -> None:
        """Wake every listener, here and where the adapter reaches. Called after the commit; never raises."""
        ...

    def listen(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call `callback` on the event loop at each later ring; several may come as one. Returns the function that ends it."""
        ...
