"""Kill the server many times under load: `python tests/campaigns/kills.py --kills 100 --seed 1`.

Deaths at random moments and at the named places take turns. Ends with an error at the first thing that is lost or doubled.
"""

import argparse
import asyncio
import random
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.crash import FAILPOINTS, Crashes, death_at


async def _run(kills: int, seed: int, folder: Path) -> None:
    rng = random.Random(seed)
    crashes = Crashes(folder, seed)
    places = [name for _ in range(kills) for name in ("random", *rng.sample(list(FAILPOINTS), 1))][:kills]
    started = time.perf_counter()
    try:
        await crashes.prepare()
        for number, name in enumerate(places, 1):
            await crashes.live(death_at(name, rng))
            print(f"{number:4} {name:28} {time.perf_counter() - started:6.0f} s", flush=True)
        await crashes.live(None)
    finally:
        await crashes.close()
    summary = crashes.summary
    print(f"{summary.deaths.total() - 1} kills, seed {seed}: nothing lost, nothing doubled, Yjs reads every log alike")
    for name, count in sorted(summary.deaths.items()):
        print(f"  {count:4} {name}")
    print(
        f"  {summary.acknowledged} pieces acknowledged; at the deaths {summary.received} were only seen by a second client,"
    )
    print(f"  and {summary.kept_by_authors} neither: their authors kept them and sent them again")
    print(f"  {summary.documents_made} documents made; median start {median(summary.restart_seconds):.1f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_run(options.kills, options.seed, Path(folder)))


if __name__ == "__main__":
    main()
