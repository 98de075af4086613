"""Cut two servers off from Redis again and again, or restart them in turns, while people on both write in the same documents.

`python tests/campaigns/cluster_faults.py cuts --times 50` and `... restarts --times 5`, which with `--bus postgres` do without Redis.
Ends with an error at the first edit that was acknowledged or seen and is lost, at texts that differ, at a person who is away too long.
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

from support.cluster_faults import Office, Outcome


async def _cuts(office: Office, times: int, rng: random.Random) -> Outcome:
    kinds = ("cut", "hold", "kill")
    for number in range(1, times + 1):
        await office.fault(kinds[number % len(kinds)], rng.uniform(0.1, 1.5))
        print(f"{number:4} {kinds[number % len(kinds)]:5} equal after {office.outcome.healed[-1]:.2f} s", flush=True)
    return office.outcome


async def _restarts(office: Office, times: int) -> Outcome:
    for number in range(1, times + 1):
        for side in (0, 1):
            await office.restart(side)
        print(f"{number:4} longest away so far {max(office.outcome.away, default=0):.2f} s", flush=True)
    return office.outcome


async def _run(options: argparse.Namespace, folder: Path) -> None:
    started = time.perf_counter()
    async with Office.open(folder, bus=options.bus, people=options.people) as office:
        outcome = await (
            _cuts(office, options.times, random.Random(options.seed))
            if options.what == "cuts"
            else _restarts(office, options.times)
        )
        await office.check()
        office.check_promptness()
    print(f"{options.times} {options.what}: nothing acknowledged or seen was lost, all texts are equal")
    print(f"  {outcome.acknowledged} edits acknowledged in {time.perf_counter() - started:.0f} s")
    if outcome.healed:
        print(f"  equal after healing: median {median(outcome.healed):.2f} s, longest {max(outcome.healed):.2f} s")
    if outcome.away:
        print(
            f"  {len(outcome.away)} times somebody was away: median {median(outcome.away):.2f} s, longest {max(outcome.away):.2f} s"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["cuts", "restarts"])
    parser.add_argument("--times", type=int, default=50)
    parser.add_argument("--people", type=int, default=4, help="on each server")
    parser.add_argument("--bus", choices=["redis", "postgres"], default="redis")
    parser.add_argument("--seed", type=int, default=1)
    with tempfile.TemporaryDirectory() as folder:
        options = parser.parse_args()
        if options.what == "cuts" and options.bus != "redis":
            parser.error("it is Redis that they are cut off from: `cuts` goes with `--bus redis`")
        asyncio.run(_run(options, Path(folder)))


if __name__ == "__main__":
    main()
