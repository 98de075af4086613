"""How long a room gathers edits before it sends them on together. Pure.

Each frame costs a system call for each person in the room, and that is most of what an edit costs there. So a room of more than a few
people sends one frame for all that came in a window. The window is as long as it takes for a few edits to come, so that few people who
type among many do not have every letter of theirs sent on alone; it is longer the more people there are, for the more a frame costs,
and never so long that somebody would notice.
"""

from math import exp
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
SHARED: Final = 1.35
"""So many times longer while people on other servers type along: each frame is committed, told to them and taken in there."""
PAUSE: Final = 0.100
"""Seconds without an edit after which the next one is sent on at once."""
_MEMORY: Final = 1.0
"""Seconds over which the rate of edits is averaged."""


class Window:
    """One room's window. `now` is any clock in seconds that does not go back."""

    __slots__ = ("_at", "_followed_at", "_rate")

    def __init__(self) -> None:
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
        floor = min(max(SHORTEST, people * people * FLOOR_PER_PAIR), HIGHEST_FLOOR)
        longest = min(max(SHORTEST, people * WAIT_PER_PERSON), LONGEST)
        alone = max(floor, min(EDITS / self._rate, longest))
        return min(alone * SHARED, LONGEST) if now - self._followed_at < _MEMORY else alone
