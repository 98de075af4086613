"""Edit to peer, over and over, in a process of its own: `python tests/campaigns/probe.py WS_URL DOCUMENT TOKEN FILE`.

Writes one line an edit into FILE: seconds of the monotonic clock at which it was sent, and seconds until a peer had it. Ends when its
standard input does.
"""

import asyncio
import sys
import time
from pathlib import Path
from typing import TextIO

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.yclient import YClient, connected

PAUSE = 0.01


async def main(ws_url: str, document: str, token: str, file: TextIO) -> None:
    loop = asyncio.get_running_loop()
    ended = loop.run_in_executor(None, sys.stdin.read)
    async with connected(ws_url, document, token) as ann, connected(ws_url, document, token) as bob:
        number = 0
        while not ended.done():
            number += 1
            started = time.monotonic()
            await _edit(ann, number)
            await bob.wait_for_text(_mark(number))
            file.write(f"{started} {time.monotonic() - started}\n")
            await asyncio.sleep(PAUSE)


def _mark(number: int) -> str:
    return f"{number:08}"


async def _edit(client: YClient, number: int) -> None:
    def replace(content: object) -> None:
        client.content.clear()
        client.content.insert(0, _mark(number))

    await client.edit(replace)


if __name__ == "__main__":
    with Path(sys.argv[4]).open("w", buffering=1, encoding="ascii") as out:
        asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3], out))
