"""Stop PostgreSQL at once many times under load: `python tests/campaigns/postgres_stops.py --stops 20 --seed 1`.

An immediate stop is a crash: whatever was not on its disk is gone. Ends with an error at the first thing that is lost or doubled.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.postgres import Postgres
from support.stops import Stops


async def _run(stops: int, seed: int, folder: Path, postgres: Postgres) -> None:
    campaign = Stops(folder, postgres, seed)
    started = time.perf_counter()
    await campaign.prepare()
    try:
        for number in range(1, stops + 1):
            await campaign.live()
            print(f"{number:4} {time.perf_counter() - started:6.0f} s", flush=True)
        await campaign.live(stop=False)
    finally:
        code = await campaign.close()
    summary = campaign.summary
    healing = summary.healing_seconds[1:]
    print(f"{summary.stops} immediate stops, seed {seed}: nothing lost, nothing doubled; the server ended with {code}")
    print(f"  {summary.acknowledged} pieces acknowledged, {summary.documents_made} documents made")
    print(f"  {summary.refused} requests were told 503; sockets were closed because {summary.closed}")
    print(
        f"  everybody back with equal texts after {median(healing):.2f} s in the median, {max(healing):.2f} s at most"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stops", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    postgres = Postgres(durable=True).start()
    try:
        with tempfile.TemporaryDirectory() as folder:
            asyncio.run(_run(options.stops, options.seed, Path(folder), postgres))
    finally:
        postgres.discard()


if __name__ == "__main__":
    main()
