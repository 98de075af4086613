"""Cut the power of a disk under load: `python tests/campaigns/power_cuts.py --cuts 3000 --seed 1`."""

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import pytest

from mdreader.kernel.logs import configure_logs
from mdreader.migrations import upgrade
from support.power import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cuts", type=int, default=3_000)
    parser.add_argument("--steps", type=int, default=4_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    configure_logs("error", "json")
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        empty = Path(folder) / "empty"
        upgrade(empty)
        found = asyncio.run(run(Path(folder), empty, patch, steps=options.steps, cuts=options.cuts, seed=options.seed))
    print(
        f"{found.cuts} power cuts in {time.perf_counter() - started:.0f} s, seed {options.seed}: no promise broken, no damage"
    )
    print(f"  {found.promises} promises between {found.disk_events} writes and syncs")


if __name__ == "__main__":
    main()
