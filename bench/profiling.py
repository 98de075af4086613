"""Where mdreader's time goes in a scenario: runs it with a sampler inside (sampled.py) and prints its dearest functions.

python -m bench.profiling A100 [--secs 15] [--top 40]

Microseconds are a function's share of the CPU that one edit, move, request or connect cost in this very run, sampler included.
"""

import argparse
import json
import shlex
import sys
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

from bench import paths
from bench.figures import FIGURES, Row, value
from bench.peers import peers
from bench.run import Session, run_once

BASES = ("Runner.run (", "Thread.run (")  # what is called from here on says something
# what one unit of a figure is, where its CPU stands in the result, and in how many seconds
UNITS = (
    ("edit or move", "cpuSecPer1kSent", 1e-3),
    ("request", "cpuUsPerRequest", 1e-6),
    ("connect", "connectCpuMsPerClient", 1e-3),
)


def _print(title: str, counted: dict[str, float], total: float, unit: tuple[str, float] | None, top: int) -> None:
    print(f"\n{title}\n{'share':>7} {'us / ' + unit[0] if unit else '':>18}")
    for name, n in sorted(counted.items(), key=lambda x: -x[1])[:top]:
        cost = f"{1e6 * unit[1] * n / total:18.2f}" if unit else " " * 18
        print(f"{100 * n / total:6.1f}% {cost}  {name}")


def _unit(row: Row) -> tuple[str, float] | None:
    return next(((name, value(row, key) * seconds) for name, key, seconds in UNITS if value(row, key)), None)


def _start(stack: list[str]) -> int:
    return max((i + 1 for i, name in enumerate(stack) if name.startswith(BASES)), default=0)


def show(stacks: list[tuple[list[str], float]], row: Row, top: int) -> None:
    """Two tables: functions with the compiled code they call, and with everything they call."""
    own: defaultdict[str, float] = defaultdict(float)
    whole: defaultdict[str, float] = defaultdict(float)
    for stack, seconds in stacks:
        own[stack[-1]] += seconds
        for name in set(stack[_start(stack) :]):
            whole[name] += seconds
    total = sum(seconds for _, seconds in stacks)
    _print("Functions, with the compiled code they call", own, total, _unit(row), top)
    _print("Functions, with all they call", whole, total, _unit(row), top)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("figure", choices=[n for n in FIGURES if n[0] not in "EF"])
    parser.add_argument("--secs", type=int, default=10)
    parser.add_argument("--top", type=int, default=40)
    a = parser.parse_args()
    out = paths.deps() / "results" / f"profile-{a.figure}.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.unlink(missing_ok=True)
    command = shlex.join([sys.executable, str(paths.HERE / "sampled.py"), str(out), "serve"])
    during = f"kill -USR1 $SERVER_PID; sleep {a.secs - 1}; kill -USR1 $SERVER_PID"
    session = Session(
        Path(), ("--secs", str(a.secs), "--during", during), quick=False, server_core="0", generator_core="1"
    )
    row = run_once(FIGURES[a.figure], replace(peers()["mdreader"], command=command), session)
    if row.get("error") or not out.exists():
        sys.exit(f"bench: {row.get('error') or 'the sampler wrote nothing'}")
    samples = json.loads(out.read_text())
    used = value(row, "serverCpuSec.user"), value(row, "serverCpuSec.sys")
    print(f"{a.figure}: {FIGURES[a.figure].title}; {samples['seconds']:.2f} CPU seconds sampled", end="")
    print(f"; in the whole window {used[0]:.2f} s user, {used[1]:.2f} s system" if used[0] is not None else "")
    show(samples["stacks"], row, a.top)


if __name__ == "__main__":
    main()
