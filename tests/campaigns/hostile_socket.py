"""Hostile frames and floods at a real server, measured: `python tests/campaigns/hostile_socket.py --frames 200000 --seed 1`.

Prints of each attack the longest turn of the server's event loop (`support/turns.py`), by the clock and by the processor's time; how long
an edit took to its peer in another room, where a probe types all the while; and the server's memory, at its most and afterwards.

Run with the right to set priorities (`chrt -r 10 python ...`), the server and the probe come before the attackers, as if those had a
machine of their own: only then the clock says something of the server. `--only NAME` runs attacks by name, `--times` each so many times.
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
from support.rawsocket import highest_resident_bytes, resident_bytes
from support.server import Server
from support.socket_attacks import CONNECTION_ATTACKS, SLOW_UPDATES, Attack, Ground
from support.stored import copy_database, read_file
from support.storm import Target, storm
from support.turns import read_turns
from support.yclient import connected

TESTS = Path(__file__).parents[1]
FRAMES_A_DOCUMENT = 2_000
QUIET_SECONDS = 15
ATTACK_SECONDS = 4
PROBE = Path(__file__).with_name("probe.py")


class Figures:
    """What is measured beside the attacks. `worst` is the longest turn by the clock so far, in milliseconds."""

    def __init__(self, team: Team, turns: Path, edits: Path) -> None:
        self.worst = 0.0
        self._pid = team.server.pid
        self._turns = turns
        self._edits = edits

    def begin(self) -> float:
        """The moment at which something begins."""
        highest_resident_bytes(self._pid, forget=True)
        return time.monotonic()

    def report(self, name: str, since: float) -> None:
        """Print what was measured since."""
        turns = read_turns(self._turns, since)
        took = 1000 * max((turn.took for turn in turns), default=0)
        worked = 1000 * max((turn.worked for turn in turns), default=0)
        lines = [tuple(map(float, line.split())) for line in self._edits.read_text(encoding="ascii").splitlines()]
        edits = sorted(1000 * seconds for started, seconds in lines if started + seconds >= since)
        assert edits, f"nobody could type during {name}"
        half, most = (edits[int(len(edits) * part)] for part in (0.5, 0.99))
        print(
            f"{name:40} {time.monotonic() - since:5.1f} s  longest turn {took:5.1f} ms, of the processor {worked:5.1f}"
            f"  {len(edits):5} edits to peer p50 {half:5.1f} p99 {most:5.1f} max {edits[-1]:5.1f} ms"
            f"  {highest_resident_bytes(self._pid) / 1e6:4.0f} MB at most, {resident_bytes(self._pid) / 1e6:4.0f} MB then",
            flush=True,
        )
        self.worst = max(self.worst, took)


@contextmanager
def probing(team: Team, file: Path) -> Iterator[None]:
    """Run the probe in a document of its own."""
    room = [team.server.ws_url, team.document(), team.owner.access_token]
    with subprocess.Popen([sys.executable, str(PROBE), *room, str(file)], stdin=subprocess.PIPE) as process:
        yield
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(20) == 0


def step_back() -> None:
    """Let the server and the probe, which run already, have the processor before this process."""
    if os.sched_getscheduler(0) == os.SCHED_OTHER:
        print("the server has no priority over the attackers: the clock measures them, too")
        os.nice(10)
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


async def run(team: Team, options: argparse.Namespace, folder: Path) -> None:
    started = resident_bytes(team.server.pid)
    mallory, viewer = team.member("editor"), team.member("viewer")
    figures = Figures(team, folder / "turns", folder / "edits")
    with probing(team, folder / "edits"):
        step_back()
        since = figures.begin()
        await asyncio.sleep(QUIET_SECONDS)
        figures.report("no attack", since)
        documents = await storms(team, options, [mallory.access_token, viewer.access_token], figures)
        for attack in (*CONNECTION_ATTACKS, *SLOW_UPDATES):
            if not options.only or attack.__name__ in options.only:
                await again_and_again(attack, team, mallory.access_token, options.times, figures)
        since = figures.begin()
        await asyncio.sleep(QUIET_SECONDS)  # rooms that nobody is in are unloaded
        figures.report("no attack", since)
    print(f"server {started / 1e6:.0f} MB before, {resident_bytes(team.server.pid) / 1e6:.0f} MB after")
    contents = {document: team.content(document) for document in documents}
    team.server.stop()
    kept = await read_file(copy_database(team.server.data, folder / "copy"), documents, by_yjs=False)
    for document in documents:
        assert sorted(kept[document].text) == sorted(contents[document])
    unexpected = [line for line in team.server.log if "Traceback" in line]
    assert not unexpected, unexpected[0]
    print(f"{len(documents)} attacked documents are stored letter for letter; the log has no unexpected error")
    print(f"longest turn of all {figures.worst:.1f} ms")


async def again_and_again(attack: Attack, team: Team, token: str, times: int, figures: Figures) -> None:
    """Attack `times` times, or when that is 0 for some seconds."""
    since = figures.begin()
    done = 0
    while done < times if times else time.monotonic() - since < ATTACK_SECONDS:
        document = team.document("kept\n")
        await attack(Ground(team.server.url, document, token, scale=1))
        assert "kept\n" in team.content(document)
        done += 1
    figures.report(f"{attack.__name__}, {done} times", since)


async def storms(team: Team, options: argparse.Namespace, tokens: list[str], figures: Figures) -> list[str]:
    """Send the frames, to one document after the other; gives the documents."""
    outcomes: Counter[str] = Counter()
    documents = []
    since = figures.begin()
    for first in range(0, options.frames, FRAMES_A_DOCUMENT):
        document = team.document()
        documents.append(document)
        frames = min(FRAMES_A_DOCUMENT, options.frames - first)
        async with connected(team.server.ws_url, document, team.owner.access_token) as ann:
            target = Target(team.server.url, document, ann)
            await target.write()
            outcomes += await storm(target, tokens, frames, random.Random(options.seed + first))
            await ann.append("still here\n")
            await ann.saved()
            assert sorted(team.content(document)) == sorted(ann.text)
        if first + frames == options.frames or first % 50_000 == 50_000 - FRAMES_A_DOCUMENT:
            figures.report(f"storm, {first + frames} frames", since)
            since = figures.begin()
    print(f"{outcomes.total()} hostile frames: {dict(outcomes.most_common())}")
    return documents


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", action="append")
    parser.add_argument("--times", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        server = Server(folder / "data", TURNS=str(folder / "turns")).of("support.turns", TESTS).start()
        try:
            asyncio.run(run(make_team(server), options, folder))
        finally:
            server.stop()


if __name__ == "__main__":
    main()
