"""Time that stands still until a test moves it."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from mdreader.kernel.clock import Clock


class FakeClock:
    """Begins at a moment in November 2026."""

    def __init__(self, now: int = 1_795_000_000_000) -> None:
        self.milliseconds = now

    def now(self) -> int:
        return self.milliseconds

    def advance(self, *, seconds: float) -> None:
        self.milliseconds += int(seconds * 1000)


class FakeTime:
    """Called like `time.monotonic`, in seconds."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def moved(clock: Clock, monkeypatch: pytest.MonkeyPatch, *, seconds: float) -> None:
    """From now on `clock` stands still, so many seconds from now."""
    at = clock.now() + int(seconds * 1000)
    monkeypatch.setattr(clock, "now", lambda: at)


@contextmanager
def standing_still(clock: Clock) -> Iterator[int]:
    """Meanwhile `clock` stands still, at this moment (ms): or a code of the step before would be too old, now and then."""
    at = clock.now()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: at)
        yield at
