"""How far long work is: a bar on a terminal, a line now and then elsewhere. On standard error, so that results can be piped."""

import sys
import time
from typing import Final, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

_LINE_SECONDS: Final = 2.0


class Meter:
    """Counts, from `begin` on, towards a total; use it as a context."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._total = 0
        self._done = 0
        self._said = -_LINE_SECONDS
        console = Console(stderr=True)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._bar = Progress(*columns, console=console) if console.is_terminal else None
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar:
            self._bar.stop()

    def begin(self, total: int) -> None:
        """There are `total` to do."""
        self._total = total
        if self._bar:
            self._task = self._bar.add_task(self._what, total=total)
            self._bar.start()

    def advance(self, count: int) -> None:
        """So many more are done."""
        self._done += count
        if self._bar and self._task is not None:
            self._bar.advance(self._task, count)
        elif self._done >= self._total or time.monotonic() - self._said >= _LINE_SECONDS:
            self._said = time.monotonic()
            self.say(f"{self._what}: {self._done:,} of {self._total:,}")

    def say(self, line: str) -> None:
        """A line that stays, above the bar."""
        if self._bar:
            self._bar.console.print(line, markup=False, highlight=False)
        else:
            print(line, file=sys.stderr, flush=True)
