"""`mdreader serve` that says what it holds in memory: at SIGUSR1 it writes the bytes that were allocated since the first one.

By tracemalloc: the objects and buffers themselves, not what the allocator keeps around them, so that two runs say nearly the same. Rooms
let go of their content, and new documents are written as files, after moments instead of seconds.
"""

import gc
import os
import signal
import tracemalloc

from mdreader.cli import app
from mdreader.features.collab import rooms
from mdreader.features.documents import files


def weigh(*_: object) -> None:
    """Write the weight."""
    gc.collect()
    if not tracemalloc.is_tracing():
        tracemalloc.start(1)
    os.write(2, b'\n{"weight": %d}\n' % tracemalloc.get_traced_memory()[0])  # `print` may be what it interrupts


if __name__ == "__main__":
    signal.signal(signal.SIGUSR1, weigh)
    files.WAIT_MS = 100  # type: ignore[misc]
    rooms.EMPTY_SECONDS, rooms.IDLE_SECONDS, rooms.TICK_SECONDS = 0.2, 0.2, 0.1
    app()
