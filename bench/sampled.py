"""Runs the `mdreader` command with a sampler inside: python sampled.py OUT serve

SIGUSR1 starts the sampling, the next one ends it and writes OUT: {"seconds": CPU seconds, "stacks": [[[function, ...], seconds], ...]}.

A timer of process CPU time (SIGPROF) fires; each thread's own CPU since the last time goes to the stack it is in now.
Compiled code counts for the Python function that called it, for Python looks at signals when such a call returns. What
the event loop itself does between callbacks counts as `event loop`. Unlike a sampler from outside this stops nothing, and
knows a thread that waits from one that works.
"""

import json
import signal
import sys
import threading
import time
from collections import defaultdict
from pathlib import Path
from types import FrameType
from typing import Any

EVERY = 0.001  # seconds of CPU
LOOP = "event loop (compiled)"


class Sampler:
    """CPU seconds by stack, outermost function first."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self.stacks: defaultdict[tuple[str, ...], float] = defaultdict(float)
        self.last: dict[int, float] = {}
        self.on = False

    def toggle(self, _signal: int, _frame: FrameType | None) -> None:
        self.on = not self.on
        signal.setitimer(signal.ITIMER_PROF, EVERY if self.on else 0, EVERY if self.on else 0)
        if self.on:
            self.last = _thread_seconds()
        else:
            rows = [[list(stack), seconds] for stack, seconds in self.stacks.items()]
            self.out.write_text(json.dumps({"seconds": sum(self.stacks.values()), "stacks": rows}))

    def sample(self, _signal: int, frame: FrameType | None) -> None:
        now = _thread_seconds()
        frames: dict[int, FrameType | None] = {**sys._current_frames(), threading.get_ident(): frame}  # noqa: SLF001
        for thread, seconds in now.items():
            used = seconds - self.last.get(thread, 0.0)
            if used > 0 and frames.get(thread) is not None:
                self.stacks[_stack(frames[thread])] += used
        self.last = now


def _thread_seconds() -> dict[int, float]:
    found = {}
    for thread in threading.enumerate():
        if thread.ident is not None:
            try:
                found[thread.ident] = time.clock_gettime(time.pthread_getcpuclockid(thread.ident))
            except OSError:  # it ended meanwhile
                continue
    return found


def _stack(frame: FrameType | None) -> tuple[str, ...]:
    # a signal that came during compiled code with no Python caller is seen at the first line of the next function
    entered = frame is not None and frame.f_lineno == frame.f_code.co_firstlineno
    if entered and frame is not None:
        frame = frame.f_back
    names = []
    while frame is not None:
        code = frame.f_code
        names.append(f"{code.co_qualname} ({_place(code.co_filename)})")
        frame = frame.f_back
    if not names or (entered and names[0].startswith("Runner.run ")):
        names.insert(0, LOOP)
    return tuple(reversed(names))


def _place(file: str) -> str:
    for above in ("site-packages/", "/src/", "/lib/"):
        file = file.rpartition(above)[2]
    return file


def main() -> Any:
    sampler = Sampler(Path(sys.argv[1]))
    signal.signal(signal.SIGPROF, sampler.sample)
    signal.signal(signal.SIGUSR1, sampler.toggle)
    sys.argv = ["mdreader", *sys.argv[2:]]
    sys.path.pop(0)  # this folder: its modules are no business of the server
    from mdreader.cli import app  # noqa: PLC0415 - after the path is clean

    return app()


if __name__ == "__main__":
    sys.exit(main())
