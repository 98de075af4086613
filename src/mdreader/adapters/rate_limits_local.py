"""Rate limits of a single process: exact, in memory, and bounded."""

import time
from collections import OrderedDict, deque
from collections.abc import Callable

from mdreader.ports.rate_limits import Limit


class LocalRateLimits:
    """Keeps the instants of each key's counted attempts.

    At most `max_keys` keys are remembered, those longest without an attempt forgotten first, so that somebody who makes up keys
    (addresses of a whole IPv6 network) cannot fill the memory: a key holds at most `Limit.count` floats.
    """

    def __init__(self, *, max_keys: int = 20_000, now: Callable[[], float] = time.monotonic) -> None:
        self._max_keys = max_keys
        self._now = now
        self._attempts: OrderedDict[tuple[str, str], deque[float]] = OrderedDict()

    async def hit(self, limit: Limit, key: str) -> float:
        """Count an attempt. Answers 0 when it is within the limit, else the seconds to wait; refused ones are not counted."""
        now = self._now()
        attempts = self._attempts.setdefault((limit.name, key), deque())
        self._attempts.move_to_end((limit.name, key))
        if len(self._attempts) > self._max_keys:
            self._attempts.popitem(last=False)
        while attempts and attempts[0] <= now - limit.seconds:
            attempts.popleft()
        if len(attempts) >= limit.count:
            return attempts[0] + limit.seconds - now
        attempts.append(now)
        return 0.0

    async def reset(self, limit: Limit, key: str) -> None:
        """Forget the attempts of `key`."""
        self._attempts.pop((limit.name, key), None)

    async def refund(self, limit: Limit, key: str) -> None:
        """Take back the newest attempt of `key`."""
        attempts = self._attempts.get((limit.name, key))
        if attempts:
            attempts.pop()
