"""Which function does which kind of job, and what is done again and again."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Generic

from mdreader.jobs.context import JobContext, R

Payload = dict[str, Any]
Handle = Callable[[JobContext[R], Payload], Awaitable[None]]

_DAY = 24 * 3600


@dataclass(frozen=True, slots=True)
class Handler(Generic[R]):
    """How one kind of job is done. `timeout_seconds` ends an attempt that hangs; it counts as failed."""

    kind: str
    handle: Handle[R]
    max_attempts: int
    timeout_seconds: float


@dataclass(frozen=True, slots=True)
class Schedule:
    """A job of `kind` every `every_seconds`, or once a day at `daily_at` ("HH:MM", UTC). Turns that were missed come once."""

    name: str
    kind: str
    every_seconds: int | None = None
    daily_at: str | None = None
    payload: Payload = field(default_factory=dict)

    def __post_init__(self) -> None:
        if (self.every_seconds is None) == (self.daily_at is None):
            raise ValueError(f"The schedule {self.name} needs one of every_seconds and daily_at.")

    @property
    def cadence(self) -> str:
        """What the schedule's row notes, to see that the code has changed."""
        return f"daily {self.daily_at}" if self.daily_at else f"every {self.every_seconds}"

    def next_after(self, now: int) -> int:
        """The next turn after `now`; both in milliseconds."""
        if self.daily_at is None:
            return now + (self.every_seconds or _DAY) * 1000
        hour, minute = map(int, self.daily_at.split(":"))
        moment = datetime.fromtimestamp(now / 1000, UTC)
        turn = moment.replace(hour=hour, minute=minute, second=0, microsecond=0)
        return int((turn if turn > moment else turn + timedelta(days=1)).timestamp() * 1000)


class Registry(Generic[R]):
    """Filled by each feature's `tasks.register` while the house is put together."""

    def __init__(self) -> None:
        self.handlers: dict[str, Handler[R]] = {}
        self.schedules: dict[str, Schedule] = {}

    def add(self, kind: str, handle: Handle[R], *, max_attempts: int = 8, timeout_seconds: float = 3600) -> None:
        """Let `handle` do the jobs of `kind`. It must be idempotent: an attempt may die at any point and be made again.

        With 8 attempts and our backoff a job is tried for about four minutes; give more to what waits for others.
        """
        if kind in self.handlers:
            raise ValueError(f"Two handlers for jobs of kind {kind}.")
        self.handlers[kind] = Handler(kind, handle, max_attempts, timeout_seconds)

    def repeat(self, schedule: Schedule) -> None:
        """Enqueue a job again and again; of all servers, one does it."""
        if schedule.kind not in self.handlers or schedule.name in self.schedules:
            raise ValueError(f"The schedule {schedule.name} is there twice, or has no handler for {schedule.kind}.")
        self.schedules[schedule.name] = schedule
