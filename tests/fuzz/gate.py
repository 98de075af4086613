"""The long run of what the tests do in short: `python tests/fuzz/gate.py --frames 200000 --seed 1 --histories 1000`.

Hostile frames go through decoding, the gate and pycrdt in a process of its own, which must live and stay small; genuine
histories made by Yjs go through the gate, none refused, and all copies must end in the same text.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))


class Findings(NamedTuple):
    """What became of the hostile frames, by outcome; the slowest frame; and how much the process grew while running."""

    outcomes: Mapping[str, int]
    slowest_seconds: float
    grown_kilobytes: int


def run_hostile(frames: int, seed: int) -> Findings:
    """Send hostile frames in a child process. Raises AssertionError, naming the last frame, if it does not survive."""
    with tempfile.TemporaryDirectory() as folder:
        note = Path(folder) / "frame"
        command = [sys.executable, str(Path(__file__).with_name("hostile.py")), str(frames), str(seed), str(note)]
        done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
        last = note.read_text(encoding="ascii") if note.exists() else "none"
        assert done.returncode == 0, f"the process ended with {done.returncode} at {last}"
        return Findings(**json.loads(done.stdout))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=200_000)
    parser.add_argument("--histories", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    started = time.perf_counter()
    findings = run_hostile(options.frames, options.seed)
    print(f"{options.frames} hostile frames in {time.perf_counter() - started:.0f} s: the process lives")
    for outcome, count in sorted(findings.outcomes.items(), key=lambda item: -item[1]):
        print(f"  {count:8} {outcome}")
    print(f"  slowest {findings.slowest_seconds * 1000:.1f} ms, grown by {findings.grown_kilobytes} kB")

    from fuzz.genuine import check_histories  # noqa: PLC0415 - needs the path above

    started = time.perf_counter()
    passed = check_histories(options.histories, options.seed)
    seconds = time.perf_counter() - started
    print(
        f"{passed} genuine updates of {options.histories} histories in {seconds:.0f} s: none refused, all texts equal"
    )


if __name__ == "__main__":
    main()
