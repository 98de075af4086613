"""A moment's rest for the event loop while very many type, so that it wakes for several edits instead of for each.

Waking a process and finding its caches cold costs as much as half the work on an edit. While many rooms are written in, the loop
therefore sleeps a few milliseconds between two looks at its sockets. It only does so while nothing but keystrokes is on its way: a
request over HTTP, or somebody who joins, ends the rest until they have been served.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Final

SECONDS: Final = 0.005
"""How long it sleeps, and so how much later anybody may be heard."""


class Rest:
    """Begun by `begin`, goes on while `wanted` says so, pauses while `disturbed` does. All on the event loop."""

    def __init__(self, wanted: Callable[[], bool], disturbed: Callable[[], bool]) -> None:
        self._loop = asyncio.get_running_loop()
        self._wanted = wanted
        self._disturbed = disturbed
        self._resting = False

    def begin(self) -> None:
        """Rest from now on, as long as it is wanted."""
        if not self._resting:
            self._resting = True
            self._loop.call_soon(self._rest)

    def _rest(self) -> None:
        if not self._wanted():
            self._resting = False
        elif self._disturbed():
            self._loop.call_later(SECONDS, self._rest)
        else:
            # On purpose: nothing else may run now. The sockets' buffers are in the kernel, and the log is synced on a thread.
            time.sleep(SECONDS)
            self._loop.call_soon(self._rest)
