"""Giving memory back to the system."""

import ctypes
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


def trim() -> None:
    """Let glibc return what was freed inside its heap; it keeps that otherwise, and a quiet server looks as large as a busy one.

    Takes some milliseconds for a large heap. Does nothing elsewhere.
    """
    function = _malloc_trim()
    if function is not None:
        function(0)
