"""Telling the rest of the house, and later other processes, what was just committed."""

from collections.abc import Callable
from typing import Protocol

from mdreader.kernel.events import Event


class Fanout(Protocol):
    """Delivers events to every subscriber; losing one makes things slower, never wrong."""

    def publish(self, event: Event) -> None:
        """Hand `event` to every subscriber. Called after the commit that it speaks of; never raises."""
        ...

    def subscribe(self, callback: Callable[[Event], None]) -> Callable[[], None]:
        """Call `callback` with each later event, on the event loop; returns the function that ends it."""
        ...
