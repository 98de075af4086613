"""Hostile frames and floods at a real server, measured: `python tests/campaigns/hostile_socket.py --frames 200000 --seed 1`.

Beside the attacks a probe of its own types in another room. Prints, for each attack, how long an edit took to its peer there, for how
long of that the server's event loop was at work, and how large the server was. On a busy machine the second figure is the one that says
something of the server; the first is measured without any attack, too.
"""

import argparse
import asyncio
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from collab.conftest import Team, make_team
from support.rawsocket import resident_bytes
from support.server import Server
from support.socket_attacks import CONNECTION_ATTACKS, SLOW_UPDATES, Ground
from support.stored import copy_database, read_file
from support.storm import Target, storm
from support.yclient import connected

FRAMES_A_DOCUMENT = 2_000
QUIET_SECONDS = 15
ATTACK_SECONDS = 4
PROBE = Path(__file__).with_name("probe.py")


class Probe:
    """The figures of the process that types in another room."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def report(self, name: str, since: float, team: Team) -> None:
        """Print what it measured since a moment of the monotonic clock."""
        lines = [tuple(map(float, line.split())) for line in self._file.read_text(encoding="ascii").splitlines()]
        during = [(took, worked) for started, took, worked in lines if started + took >= since]
        assert during, f"nobody could type during {name}"
        took, worked = (sorted(1000 * one for one in ones) for ones in zip(*during, strict=True))
        half, most = (int(len(during) * part) for part in (0.5, 0.99))
        print(
            f"{name:36} {time.monotonic() - since:5.1f} s {len(during):5} edits"
            f"  to peer p50 {took[half]:5.1f} p99 {took[most]:6.1f} max {took[-1]:6.1f} ms"
            f"  server at work p99 {worked[most]:5.1f} max {worked[-1]:5.1f} ms"
            f"  {resident_bytes(team.server.pid) / 1e6:4.0f} MB",
            flush=True,
        )


@contextmanager
def probing(team: Team, file: Path) -> Iterator[Probe]:
    """Run the probe in a document of its own."""
    room = [team.server.ws_url, team.document(), team.owner.access_token]
    command = [sys.executable, str(PROBE), *room, str(team.server.pid), str(file)]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        yield Probe(file)
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(20) == 0


async def run(team: Team, frames: int, seed: int, folder: Path) -> None:
    started = resident_bytes(team.server.pid)
    mallory, viewer = team.member("editor"), team.member("viewer")
    with probing(team, folder / "probe") as probe:
        os.nice(10)  # the attackers' own hunger for the processor is not what is measured
        since = time.monotonic()
        await asyncio.sleep(QUIET_SECONDS)
        probe.report("no attack", since, team)
        documents = await storms(team, frames, seed, [mallory.access_token, viewer.access_token], probe)
        for attack in (*CONNECTION_ATTACKS, *SLOW_UPDATES):
            since = time.monotonic()
            times = 0
            while time.monotonic() - since < ATTACK_SECONDS:
                document = team.document("kept\n")
                await attack(Ground(team.server.url, document, mallory.access_token, scale=1))
                assert "kept\n" in team.content(document)
                times += 1
            probe.report(f"{attack.__name__}, {times} times", since, team)
        await asyncio.sleep(QUIET_SECONDS)  # rooms that nobody is in are unloaded
        probe.report("no attack", time.monotonic() - QUIET_SECONDS, team)
    print(f"server {started / 1e6:.0f} MB before, {resident_bytes(team.server.pid) / 1e6:.0f} MB after")
    contents = {document: team.content(document) for document in documents}
    team.server.stop()
    kept = await read_file(copy_database(team.server.data, folder / "copy"), documents, by_yjs=False)
    for document in documents:
        assert sorted(kept[document].text) == sorted(contents[document])
    unexpected = [line for line in team.server.log if "Traceback" in line]
    assert not unexpected, unexpected[0]
    print(f"{len(documents)} attacked documents are stored letter for letter; the log has no unexpected error")


async def storms(team: Team, frames: int, seed: int, tokens: list[str], probe: Probe) -> list[str]:
    """Send the frames, to one document after the other; gives the documents."""
    outcomes: Counter[str] = Counter()
    documents = []
    since = time.monotonic()
    for first in range(0, frames, FRAMES_A_DOCUMENT):
        document = team.document()
        documents.append(document)
        async with connected(team.server.ws_url, document, team.owner.access_token) as ann:
            target = Target(team.server.url, document, ann)
            await target.write()
            outcomes += await storm(target, tokens, min(FRAMES_A_DOCUMENT, frames - first), random.Random(seed + first))
            await ann.append("still here\n")
            await ann.saved()
            assert sorted(team.content(document)) == sorted(ann.text)
        if first % 20_000 == 18_000:
            probe.report(f"storm, {first + FRAMES_A_DOCUMENT} frames", since, team)
            since = time.monotonic()
    print(f"{outcomes.total()} hostile frames: {dict(outcomes.most_common())}")
    return documents


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder) / "data").start()
        try:
            asyncio.run(run(make_team(server), options.frames, options.seed, Path(folder)))
        finally:
            server.stop()


if __name__ == "__main__":
    main()
