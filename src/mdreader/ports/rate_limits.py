"""Counting attempts, so that guessing is slow."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `count` attempts in any `seconds`."""

    name: str
    count: int
    seconds: int


class RateLimits(Protocol):
    """Counts by limit and key (an address, an account)."""

    async def hit(self, limit: Limit, key: str) -> float:
        """Count an attempt. Answers 0 when it is within the limit, else the seconds to wait; a refused attempt is not counted."""
        ...

    async def reset(self, limit: Limit, key: str) -> None:
        """Forget the attempts of `key`."""
        ...

    async def refund(self, limit: Limit, key: str) -> None:
        """Take back the newest attempt of `key`: it turned out not to be one that the limit is about."""
        ...
