"""`kill -9` under load: nothing is lost that was acknowledged or that a second client had, and nothing comes twice."""

import random
from pathlib import Path

import pytest

from support.crash import FAILPOINTS, Crashes, death_at


@pytest.mark.timeout(300)
async def test_kills_at_random_moments_lose_nothing(tmp_path: Path) -> None:
    """A few; `python tests/campaigns/kills.py --kills 100` has them all."""
    await _die(tmp_path, ["random"] * 4, seed=1)


@pytest.mark.timeout(300)
async def test_kills_at_every_named_place_lose_nothing(tmp_path: Path) -> None:
    await _die(tmp_path, list(FAILPOINTS), seed=2)


async def _die(folder: Path, names: list[str], seed: int) -> None:
    rng = random.Random(seed)
    crashes = Crashes(folder, seed, documents=2, typists=2)
    try:
        await crashes.prepare()
        for name in names:
            await crashes.live(death_at(name, rng))
        await crashes.live(None)
    finally:
        await crashes.close()
    assert crashes.summary.deaths.total() == len(names) + 1
