"""How long a room gathers edits before it sends them on together. Pure.

Each frame costs a system call for each person in the room, and that is most of what an edit costs there. So a room of more than a few
people sends one frame for all that came in a window. The window is as long as it takes for a few edits to come, so that few people who
type among many do not have every letter of theirs sent on alone; it is longer the more people there are, for the more a frame costs,
and never so long that somebody would notice.
"""

from collections.abc import Callable
from math import exp
from time import time
from typing import Final

FEW: Final = 6
"""Up to this many people an edit goes into the next commit, without a window."""
EDITS: Final = 3
"""So many edits a frame are worth waiting for."""
SHORTEST: Final = 0.010
LONGEST: Final = 0.040
"""Seconds, whatever the room."""
WAIT_PER_PERSON: Final = 0.0008
"""Seconds that each person in the room makes it worth waiting for more edits."""
FLOOR_PER_PAIR: Final = 3.5e-6
"""Seconds for each pair of people, however many edits come: when all type, they have to be sent to as many pairs."""
HIGHEST_FLOOR: Final = 0.035
STEPS: Final = (0.0125, 0.0375)
"""Windows while people on other servers type along, each a multiple of the one before. They end at whole multiples by the clock on
the wall: on all servers at once, so that what all of them commit is shown in one frame. Clocks that differ cost a frame more, and no
more than that."""
EARLY: Final = 0.002
"""Timers are that inexact, in seconds: what is left of a window that just ended is no window."""
PAUSE: Final = 0.100
"""Seconds without an edit after which the next one is sent on at once."""
_MEMORY: Final = 1.0
"""Seconds over which the rate of edits is averaged."""


class Window:
    """One room's window. `now` is any clock in seconds that does not go back; `wall` is the one that servers have in common."""

    __slots__ = ("_at", "_followed_at", "_rate", "_wall")

    def __init__(self, wall: Callable[[], float] = time) -> None:
        self._wall = wall
        self._rate = 0.0
        self._at = self._followed_at = float("-inf")

    def sent(self, edits: int, now: float) -> None:
        """So many edits were taken together."""
        if not edits:
            return
        self._rate = self._rate * exp((self._at - now) / _MEMORY) + edits / _MEMORY
        self._at = now

    def followed(self, now: float) -> None:
        """Another server sent a frame, which was gathered in a window there."""
        self.sent(1, now)
        self._followed_at = now

    def seconds(self, people: int, now: float) -> float:
        """How long an edit that comes now should wait for more; 0 for not at all."""
        if people <= FEW or now - self._at > PAUSE:
            return 0.0
        return self.left(people) if now - self._followed_at < _MEMORY else self._alone(people)

    def left(self, people: int) -> float:
        """Seconds until the window ends that `is_shared`."""
        alone = self._alone(people)
        for step in STEPS:
            if step >= alone:
                break
        left = step - self._wall() % step
        return left if left > EARLY else left + step

    def _alone(self, people: int) -> float:
        floor = min(max(SHORTEST, people * people * FLOOR_PER_PAIR), HIGHEST_FLOOR)
        longest = min(max(SHORTEST, people * WAIT_PER_PERSON), LONGEST)
        return max(floor, min(EDITS / self._rate, longest))

    def is_shared(self, people: int, now: float) -> bool:
        """Whether other servers end their windows together with this one."""
        return people > FEW and now - self._followed_at < _MEMORY
