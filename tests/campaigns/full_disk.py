"""Fill a real disk under a server and make space again, several times: `sudo python tests/campaigns/full_disk.py --rounds 5`.

The data folder lies on a small tmpfs, so this needs the right to mount one.
"""

import argparse
import asyncio
import contextlib
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import httpx
from pycrdt import Doc
from websockets.exceptions import ConnectionClosed

from support.http import new_document, new_workspace, signed_up
from support.server import Server
from support.stored import copy_database, read_file
from support.yclient import connected

MEGABYTES = 16
FULL = (1013, "not saved: the server's disk is full")


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A file system of its own with `MEGABYTES`."""
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m", "tmpfs", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


def fill(ballast: Path) -> None:
    """Take all the space there is."""
    with contextlib.suppress(OSError), ballast.open("ab", buffering=0) as file:
        while True:
            file.write(bytes(4096))


async def run(rounds: int, data: Path, copies: Path) -> None:
    server = Server(data)
    await asyncio.to_thread(server.start)
    try:
        ballast = data / "ballast"
        doc: Doc[Any] = Doc()
        wanted = "start\n"
        async with httpx.AsyncClient(base_url=server.url, timeout=30) as http:
            owner = await signed_up(http)
            workspace = await new_workspace(http, owner)
            document = await new_document(http, owner, workspace, content=wanted)
            for number in range(1, rounds + 1):
                fill(ballast)
                told = edits = 0
                # A full disk still has room inside files: edits go through, saved, until the log has to grow.
                while told < 3:
                    async with connected(server.ws_url, document, owner.access_token, doc=doc) as ann:
                        with contextlib.suppress(AssertionError, ConnectionClosed):
                            while True:
                                edits += 1
                                text = f"{number}.{edits} {'é' * 500}\n"
                                wanted += text
                                await ann.append(text)
                                await ann.saved()
                        assert await ann.closed() == FULL
                        told += 1
                url = f"/api/workspaces/{workspace}/documents"
                body = {"path": f"{number}.md", "content": "x" * 500_000}
                refused = await http.post(url, json=body, headers=owner.headers)
                assert (refused.status_code, refused.json()["code"]) == (503, "storage_full"), refused.text
                ballast.unlink()
                async with connected(server.ws_url, document, owner.access_token, doc=doc) as ann:
                    await ann.saved()
                    async with connected(server.ws_url, document, owner.access_token) as bob:
                        assert bob.text == wanted
                assert (await http.post(url, json=body | {"content": ""}, headers=owner.headers)).status_code == 201
                assert server.running
                print(f"round {number}: full after {edits} edits, told {told} times, all there when space was back")
            kept = await read_file(copy_database(data, copies), [document])
            assert kept[document].text == wanted
    finally:
        await asyncio.to_thread(server.stop)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, small_disk(Path(folder) / "data") as data:
        asyncio.run(run(options.rounds, data, Path(folder) / "copy"))


if __name__ == "__main__":
    main()
