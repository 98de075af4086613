"""How much of the event loop one person's messages may take at a stretch. Pure.

Messages are handled where they come in, on the loop that everybody shares. Whoever sends more of them than a person can type must not
have them handled all in one go: after a slice of the loop's time their sockets wait until the slice is paid for.
"""

from collections.abc import Callable
from time import perf_counter, thread_time
from typing import Final

SLICE: Final = 0.005
"""Seconds at a stretch."""
SHARE: Final = 0.25
"""How much of the time, in the long run."""
SUSPICION: Final = 0.0005
"""Seconds used, which nobody types in a moment, after which the clock is changed for the dearer one."""
PROBATION: Final = 1.0
"""Seconds for which it is the dearer one at least."""
INNOCENT: Final = 0.005
"""Seconds used in that time up to which it was the machine that was slow, or the document that came into memory."""
AROUND: Final = 0.000_002
"""Seconds that reading a message and asking the clock cost beside what is measured: for the smallest most of it."""

CROWD_SLICE: Final = 0.008
CROWD_SHARE: Final = 0.5
"""As `SLICE` and `SHARE`, for all together who are suspected."""


class Crowd:
    """What those have used together who are suspected: many people with a slice each would be a long stretch."""

    __slots__ = ("_at", "_used")

    def __init__(self) -> None:
        self._used = 0.0
        self._at = 0.0

    def spend(self, seconds: float, now: float) -> float:
        """See `Budget.spend`."""
        self._used = max(0.0, self._used - CROWD_SHARE * (now - self._at)) + seconds
        self._at = now
        return self._used / CROWD_SHARE if self._used > CROWD_SLICE else 0.0

    def wait(self, now: float) -> float:
        """See `Budget.wait`."""
        used = max(0.0, self._used - CROWD_SHARE * (now - self._at))
        return used / CROWD_SHARE if used > CROWD_SLICE else 0.0


class Budget:
    """What one person's connections have used. A message's time is the difference of two readings of `clock`.

    That is the time that went by, which costs next to nothing to read but may have been spent by others on a busy machine. Who seems to
    use much of it is measured by the processor's time instead, and only that counts: a system call, so not for those who only type.
    """

    __slots__ = ("__weakref__", "_at", "_crowd", "_measured", "_since", "_used", "clock")

    def __init__(self, crowd: Crowd) -> None:
        self._crowd = crowd
        self.clock: Callable[[], float] = perf_counter
        self._used = 0.0
        self._at = 0.0
        self._since = 0.0  # when the dearer clock was taken, or found what it says too much
        self._measured = 0.0  # what it has said since then

    def spend(self, seconds: float, now: float) -> float:
        """Note that handling a message took so long until `now`; how long to wait before the next one, 0 for not at all.

        `now` is by `perf_counter`.
        """
        used = max(0.0, self._used - SHARE * (now - self._at)) + seconds + AROUND
        self._at = now
        self._used = used
        if self.clock is perf_counter:
            if used > SUSPICION:
                self.clock, self._used, self._since, self._measured = thread_time, 0.0, now, 0.0
            return 0.0
        self._measured += seconds + AROUND
        if now - self._since > PROBATION:
            if self._measured <= INNOCENT:
                self.clock = perf_counter
            self._since, self._measured = now, 0.0
        wait = self._crowd.spend(seconds + AROUND, now)
        return max(wait, used / SHARE) if used > SLICE else wait

    def wait(self, now: float) -> float:
        """How long to wait still, when others of the same person, or of the crowd, have used the slice; 0 for not at all."""
        if self.clock is perf_counter:
            return 0.0
        used = max(0.0, self._used - SHARE * (now - self._at))
        wait = self._crowd.wait(now)
        return max(wait, used / SHARE) if used > SLICE else wait
