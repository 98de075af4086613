"""Giving memory back to the system."""

import ctypes
import gc
import sys
from functools import cache


@cache
def _malloc_trim() -> "ctypes._FuncPointer | None":
    if not sys.platform.startswith("linux"):
        return None
    try:
        return ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError):  # another C library than glibc
        return None


def settle() -> None:
    """Called once when everything is loaded: the cycle collector need not look at the modules again, nor come for every 700 objects.

    Hardly anything here makes cycles; in its default the collector takes some percent of a busy server's time to find that out.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


def trim() -> None:
    """Let glibc return what was freed inside its heap; it keeps that otherwise, and a quiet server looks as large as a busy one.

    Takes some milliseconds for a large heap. Does nothing elsewhere.
    """
    function = _malloc_trim()
    if function is not None:
        function(0)
