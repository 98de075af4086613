"""Many people on two servers: what both commit in the same moment is shown in one frame, and what comes alone is shown all the same."""

from collections.abc import AsyncIterator

import pytest

from mdreader.features.collab import intake, window
from mdreader.features.collab.protocol import FrameKind, decode
from mdreader.features.collab.window import FEW
from support.sides import Sides, Typist, sides_of

ROUNDS = 8


@pytest.fixture
async def sides(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Sides]:
    monkeypatch.setattr(
        window, "_MEMORY", 60.0
    )  # who typed along a second ago is not forgotten before a slow disk has it
    async with sides_of(postgres_url) as made:
        yield made


def updates(typist: Typist, since: int) -> int:
    """How many frames with text came."""
    return sum(decode(frame).kind is FrameKind.UPDATE for frame in typist.frames[since:])


async def test_what_two_servers_commit_in_one_moment_comes_in_one_frame(
    sides: Sides, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "GATHER", 1.5)  # a disk that others use, too, takes its time
    rooms = await sides.open("\n")
    crowds = [[Typist(room, sides.user) for _ in range(FEW + 1)] for room in rooms]
    watchers = [crowd[-1] for crowd in crowds]
    together = 0
    for turn in range(ROUNDS):
        since = [len(watcher.frames) for watcher in watchers]
        for side, crowd in enumerate(crowds):
            crowd[turn % FEW].type(f"<{turn}.{side}>")
        for watcher in watchers:
            await watcher.reads(lambda text: text.count(f"<{turn}.") == len(crowds))  # noqa: B023 - awaited here
        together += [updates(watcher, start) for watcher, start in zip(watchers, since, strict=True)] == [1, 1]
    # The first time nobody knows of the other.
    assert together > ROUNDS / 2


async def test_what_comes_alone_is_shown_without_the_others(sides: Sides) -> None:
    rooms = await sides.open("\n")
    here, there = [[Typist(room, sides.user) for _ in range(FEW + 1)] for room in rooms]
    for turn in range(5):  # they have come to expect each other
        here[0].type(f"<{turn}>")
        there[0].type(f"({turn})")
        for watcher in (here[-1], there[-1]):
            await watcher.reads(lambda text: f"<{turn}>" in text and f"({turn})" in text)  # noqa: B023 - awaited here
    assert all(room.pipeline.gathers for room in rooms)
    for letter in "abc":
        here[0].type(letter)
        for watcher in (here[-1], there[-1]):
            await watcher.reads(lambda text: letter in text)  # noqa: B023 - awaited here
    seen = len(here[0].frames)
    here[0].type("!")
    await here[-1].reads(lambda text: "!" in text)
    assert updates(here[0], seen) == 0, "who typed it was shown it"
