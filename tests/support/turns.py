"""`mdreader` on an event loop that writes down its long turns: `python -m support.turns serve`, with TURNS naming a file.

A turn is all that the loop does between two times that it asks the kernel for news: as long as it lasts, nobody is served. uvloop has no
hook for it, but the libuv inside has: one that is called before each asking, and a clock of the time spent waiting for an answer. A line
of the file is a turn of `WORTH_NOTING` or more: when it ended (monotonic clock), seconds it took by the clock on the wall without that
waiting, and seconds of the processor that its thread had in it. What the first has more than the second is waiting for the disk, for
the interpreter's lock, or for other processes that had the processor.
"""

import ctypes
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple

import uvloop
from uvloop import loop as libuv

WORTH_NOTING = 0.002
_PREPARE_BYTES = 1024  # more than a uv_prepare_t has
_METRICS_IDLE_TIME = 1  # of enum uv_loop_option
_CALLBACK = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


class Turn(NamedTuple):
    """One turn: when it ended, and its seconds by the clock and of the processor."""

    ended: float
    took: float
    worked: float


def read_turns(file: Path, since: float) -> list[Turn]:
    """The turns that were noted and ended after a moment of the monotonic clock."""

    def turns() -> Iterator[Turn]:
        for line in file.read_text(encoding="ascii").splitlines():
            yield Turn(*map(float, line.split()))

    return [turn for turn in turns() if turn.ended >= since]


class WatchedLoop(uvloop.Loop):
    """uvloop's, with its turns written into `file`."""

    def __init__(self, file: IO[str]) -> None:
        super().__init__()
        self._uv = ctypes.PyDLL(libuv.__file__)
        self._uv.uv_metrics_idle_time.restype = ctypes.c_uint64
        pointer_of = ctypes.pythonapi.PyCapsule_GetPointer
        pointer_of.restype = ctypes.c_void_p
        pointer_of.argtypes = (ctypes.py_object, ctypes.c_char_p)
        self._pointer = ctypes.c_void_p(pointer_of(libuv.libuv_get_loop_t_ptr(self), None))  # type: ignore[attr-defined]  # in no stub
        self._handle = ctypes.create_string_buffer(_PREPARE_BYTES)
        self._file = file
        self._last = (time.monotonic(), time.thread_time(), 0.0)
        self._callback = _CALLBACK(self._before_asking)
        self._uv.uv_loop_configure(self._pointer, _METRICS_IDLE_TIME)
        self._uv.uv_prepare_init(self._pointer, self._handle)
        self._uv.uv_prepare_start(self._handle, self._callback)
        self._uv.uv_unref(self._handle)

    def _before_asking(self, _handle: int) -> None:
        now, worked = time.monotonic(), time.thread_time()
        waited = self._uv.uv_metrics_idle_time(self._pointer) / 1e9
        before, worked_before, waited_before = self._last
        took = now - before - (waited - waited_before)
        if took > WORTH_NOTING:
            self._file.write(f"{now} {took:.6f} {worked - worked_before:.6f}\n")
        self._last = (now, worked, waited)

    def close(self) -> None:
        """Take the hook off first."""
        self._uv.uv_prepare_stop(self._handle)
        self._uv.uv_close(self._handle, None)
        super().close()


def _new_event_loop() -> Any:
    return WatchedLoop(Path(os.environ["TURNS"]).open("a", buffering=1, encoding="ascii"))


if __name__ == "__main__":
    from mdreader.cli import app

    uvloop.new_event_loop = _new_event_loop
    app()
