"""A rest for the event loop while very many type, so that it wakes for all of a commit's edits instead of for each.

Waking a process and finding its caches cold costs as much as half the work on an edit. While many rooms are written in, the loop
therefore sleeps from one commit to the next. It only does so while nothing but keystrokes is on its way: who knocks by another door, with
a request over HTTP or to join, ends the rest until they have been served.
"""

import asyncio
import select
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

MOMENT: Final = 0.005
"""Seconds that it sleeps at a time while something is on its way that does not knock: a commit, or word of other servers."""


class Rest:
    """Begun by `begin`, goes on as long as `seconds` says for how long next, pauses while `disturbed` does. All on the event loop."""

    def __init__(
        self,
        seconds: Callable[[], float | None],
        disturbed: Callable[[], bool],
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._seconds = seconds
        self._disturbed = disturbed
        self._sleep = sleep
        self._resting = False

    def begin(self) -> None:
        """Rest from now on, as long as it is wanted."""
        if not self._resting:
            self._resting = True
            self._loop.call_soon(self._rest)

    def _rest(self) -> None:
        seconds = self._seconds()
        if seconds is None:
            self._resting = False
        elif self._disturbed():
            self._loop.call_later(MOMENT, self._rest)
        else:
            # On purpose: nothing else may run now. The sockets' buffers are in the kernel, and the log is synced on a thread.
            self._sleep(seconds)
            self._loop.call_soon(self._rest)


class Doors:
    """Sockets over which something else than keystrokes comes: those that listen, and those that speak HTTP."""

    def __init__(self) -> None:
        self._epoll = select.epoll() if hasattr(select, "epoll") else None

    def watch(self, descriptor: int) -> None:
        """Have what comes over a socket end a rest, until it is closed or `ignore`d."""
        if self._epoll is not None:
            # Edge-triggered: what came is told once, and not again while nobody wants to read it.
            self._epoll.register(descriptor, select.EPOLLIN | select.EPOLLET)

    def ignore(self, descriptor: int) -> None:
        """It speaks of keystrokes only from now on."""
        if self._epoll is not None:
            with suppress(FileNotFoundError):  # it came before anybody watched
                self._epoll.unregister(descriptor)

    def sleep(self, seconds: float) -> None:
        """Sleep, at most until somebody knocks."""
        if self._epoll is None:
            time.sleep(min(seconds, MOMENT))
        else:
            self._epoll.poll(max(seconds, 0), 64)

    def close(self) -> None:
        """Watch nothing more."""
        if self._epoll is not None:
            self._epoll.close()
            self._epoll = None
