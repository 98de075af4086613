"""Giving memory back to the system."""

import ctypes
import gc
import sys
from functools import cache
from typing import Final

# For glibc (malloc.h): from which size on a block is the system's own, and how much of the heap's end is kept free.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
OWN_BLOCK: Final = 1 << 20
KEPT_FREE: Final = 1 << 20


@cache
def _glibc() -> "ctypes.CDLL | None":
    if not sys.platform.startswith("linux"):
        return None
    try:
        library = ctypes.CDLL(None)
        _ = library.malloc_trim, library.mallopt
    except (OSError, AttributeError):  # another C library than glibc
        return None
    return library


def _give_back_large_blocks() -> None:
    """What a large message, document or file took goes back to the system as soon as it is freed.

    Left alone, glibc raises its own limit to the size of the largest block that it has seen freed, up to 32 MB. From then on such blocks
    come from the heap, which is torn into pieces by them: 80 MB more after some hundred messages of 3 MB.
    """
    library = _glibc()
    if library is not None:
        library.mallopt(_M_MMAP_THRESHOLD, OWN_BLOCK)
        library.mallopt(_M_TRIM_THRESHOLD, KEPT_FREE)


def settle() -> None:
    """Called once when everything is loaded: the cycle collector need not look at the modules again, nor come for every 700 objects.

    Hardly anything here makes cycles; in its default the collector takes some percent of a busy server's time to find that out.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
    _give_back_large_blocks()


def trim() -> None:
    """Let glibc return what was freed inside its heap; it keeps that otherwise, and a quiet server looks as large as a busy one.

    Takes some milliseconds for a large heap. Does nothing elsewhere.
    """
    library = _glibc()
    if library is not None:
        library.malloc_trim(0)
