"""Type beside readers that have stopped reading: `python tests/campaigns/slow_readers.py --readers 50`."""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from collab.conftest import make_team
from support.server import Server
from support.slow_readers import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--readers", type=int, default=50)
    parser.add_argument("--typists", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder) / "data").start()
        try:
            found = asyncio.run(
                run(make_team(server), readers=options.readers, typists=options.typists, edits_before=200)
            )
        finally:
            server.stop()
    assert set(found.rejoined) == {found.text}
    print(f"{found.dropped} readers dropped after {found.edits} edits of 20 kB; those who came back have the text")
    print(f"  server grown by {found.grown / 1e6:.1f} MB at most")
    for name, (half, most) in (("that read", found.delivery_beside_good), ("that do not", found.delivery_beside_slow)):
        print(
            f"  edit to peer beside {options.readers} readers {name}: median {half * 1000:.1f} ms, 99th percentile {most * 1000:.1f} ms"
        )


if __name__ == "__main__":
    main()
