"""Leaving out what a library takes along where it finds it, and mdreader has no use for."""

import importlib
import sys


def import_structlog() -> None:
    """Import structlog without rich, which it would print tracebacks with, and pygments with that: 4 MB and 60 ms. Ours are plain."""
    if "rich" in sys.modules:
        return  # a command that prints tables has it in any case
    sys.modules["rich"] = None  # type: ignore[assignment]  # Python's own word for a module that is not there
    try:
        importlib.import_module("structlog")
    finally:
        del sys.modules["rich"]
