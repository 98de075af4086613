"""Time as a part that tests can set. Instants are integers, milliseconds since the Unix epoch."""

import time
from datetime import UTC, datetime
from functools import lru_cache
from typing import Protocol


class Clock(Protocol):
    """Where the present comes from."""

    def now(self) -> int:
        """Milliseconds since the Unix epoch; may jump when the machine's clock is set."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> int:
        """Milliseconds since the Unix epoch."""
        return time.time_ns() // 1_000_000


@lru_cache(maxsize=4096)  # the same documents are listed and read again and again
def iso(milliseconds: int) -> str:
    """RFC 3339 in UTC with milliseconds: `2026-11-21T08:15:30.123Z`."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
