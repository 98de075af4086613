"""Where mdreader's time goes in a scenario: samples the running server with py-spy and prints its dearest functions.

python -m bench.profiling A100 [--secs 15] [--native]

Shares are of the server's own CPU time in the window. With --native, compiled code (picows, pycrdt, httptools, SQLite) is
named too. py-spy is installed into $BENCH_DEPS; it needs the right to trace other processes (root, or ptrace_scope 0).
A frame's microseconds are its share of the CPU that the scenario's unit cost in this very run, sampler included:
compare them with each other, not with an undisturbed run.
"""

import argparse
import subprocess
import sys
from collections import Counter
from pathlib import Path

from bench import paths
from bench.figures import FIGURES, Row, value
from bench.peers import peers
from bench.run import Session, run_once

PY_SPY = "py-spy==0.4.3"
SAMPLES_PER_SECOND = 500
WAITING = "PyThread_acquire_lock_timed"
# what one unit of each figure is, and where its CPU seconds stand: (name, key, seconds a unit of the key)
UNITS = (
    ("edit or move", "cpuSecPer1kSent", 1e-3),
    ("request", "cpuUsPerRequest", 1e-6),
    ("connect", "connectCpuMsPerClient", 1e-3),
)


def _sampler() -> Path:
    folder = paths.deps() / "py-spy"
    if not (folder / "bin/py-spy").exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([folder / "bin/pip", "install", "-q", PY_SPY], check=True)
    return folder / "bin/py-spy"


def _frames(stacks: Path) -> tuple[Counter[str], Counter[str], int]:
    """Samples by function itself and with all it calls, and how many there were. Input: `a;b;c COUNT` lines."""
    own: Counter[str] = Counter()
    whole: Counter[str] = Counter()
    total = 0
    for line in stacks.read_text().splitlines():
        stack, _, n = line.rpartition(" ")
        if WAITING in stack:  # with --native, py-spy takes a thread that waits for work for a busy one
            continue
        names = [_short(f) for f in stack.split(";") if not f.startswith("0x")]
        own[names[-1]] += int(n)
        for name in set(names):
            whole[name] += int(n)
        total += int(n)
    return own, whole, total


def _short(frame: str) -> str:
    """`function (…/site-packages/package/file.py)` without the folders above the package."""
    name, bracket, where = frame.partition(" (")
    for above in ("site-packages/", "/src/", "/lib/"):
        where = where.rpartition(above)[2]
    return name + bracket + where


def _print(title: str, counted: Counter[str], total: int, unit: tuple[str, float] | None, top: int) -> None:
    print(f"\n{title}\n{'share':>7} {'us / ' + unit[0] if unit else '':>18}  function")
    for name, n in counted.most_common(top):
        cost = f"{1e6 * unit[1] * n / total:18.2f}" if unit else " " * 18
        print(f"{100 * n / total:6.1f}% {cost}  {name}")


def _unit(row: Row) -> tuple[str, float] | None:
    for name, key, seconds in UNITS:
        if value(row, key):
            return name, value(row, key) * seconds
    return None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("figure", choices=[n for n in FIGURES if n[0] not in "EF"])
    parser.add_argument("--secs", default="15")
    parser.add_argument("--peer", default="mdreader", help="another server written in Python")
    parser.add_argument("--native", action="store_true")
    parser.add_argument("--top", type=int, default=40)
    a = parser.parse_args()
    stacks = paths.deps() / "results" / f"profile-{a.figure}.txt"
    stacks.parent.mkdir(parents=True, exist_ok=True)
    stacks.unlink(missing_ok=True)
    # on the generator's core: the server keeps its own
    depth = "--native" if a.native else "--nonblocking"
    flags = f"--pid $SERVER_PID --duration $SECS --rate {SAMPLES_PER_SECOND} --format raw --function {depth}"
    during = f"taskset -c 1 {_sampler()} record {flags} --output {stacks}"
    extra = ("--secs", a.secs, "--during", during)
    row = run_once(
        FIGURES[a.figure], peers()[a.peer], Session(stacks, extra, quick=False, server_core="0", generator_core="1")
    )
    if row.get("error") or not stacks.exists():
        sys.exit(f"bench: {row.get('error') or 'py-spy wrote nothing; may it trace other processes?'}")
    own, whole, total = _frames(stacks)
    busy = row.get("serverPct") or row.get("idleServerPct")
    print(f"{a.figure}: {FIGURES[a.figure].title}; server CPU {busy:.1f} %, {total} samples in {stacks}")
    _print("Functions themselves", own, total, _unit(row), a.top)
    _print("Functions with what they call", whole, total, _unit(row), a.top)


if __name__ == "__main__":
    main()
