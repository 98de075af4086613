"""Generated histories through the server's storage: `python tests/campaigns/histories.py --histories 1000 --seed 1`."""

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from mdreader.kernel.logs import configure_logs
from mdreader.main import create_app
from mdreader.settings import load_settings
from support.http import connect
from support.storing import check_stories


async def run(count: int, seed: int, data: Path) -> int:
    app = create_app(load_settings(data=data))
    async with app.router.lifespan_context(app), connect(app) as http:
        return await check_stories(app, http, count, seed)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--histories", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    configure_logs("error", "json")
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        updates = asyncio.run(run(options.histories, options.seed, Path(folder)))
    seconds = time.perf_counter() - started
    print(
        f"{options.histories} histories, {updates} updates, seed {options.seed}, {seconds:.0f} s: the same text live, loaded,"
    )
    print("  projected, over HTTP, in clients, and by Yjs from log, merged log and snapshot")


if __name__ == "__main__":
    main()
