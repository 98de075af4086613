"""What the figures were measured on."""

import os
import platform
import subprocess
from pathlib import Path
from typing import Any

from bench import paths


def _first(path: str, key: str) -> str:
    for line in Path(path).read_text().splitlines():
        if line.startswith(key):
            return line.partition(":")[2].strip()
    return "?"


def _says(*argv: str | Path) -> str:
    try:
        return subprocess.run(argv, capture_output=True, text=True, check=True, cwd=paths.REPOSITORY).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "?"


def machine() -> dict[str, Any]:
    """CPU, memory, kernel and the interpreters; `commit` ends in "+" when the work tree differs from it."""
    kilobytes = int(_first("/proc/meminfo", "MemTotal").split()[0])
    changed = _says("git", "status", "--porcelain", "--", "src")
    return {
        "cpu": _first("/proc/cpuinfo", "model name"),
        "cores": os.cpu_count(),
        "memoryGB": round(kilobytes / 1e6, 1),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "node": _says(paths.node(), "--version"),
        "commit": _says("git", "rev-parse", "--short=10", "HEAD") + ("+" if changed else ""),
    }


def describe(m: dict[str, Any]) -> str:
    """One line of prose, without the commit."""
    return (
        f"{m['cpu']}, {m['cores']} cores, {m['memoryGB']} GB, Linux {m['kernel']}, "
        f"Python {m['python']}, Node {m['node'].removeprefix('v')}"
    )
