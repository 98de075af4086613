"""`kill -9` under load: nothing is lost that was acknowledged or that a second client had, and nothing comes twice."""

import random
from pathlib import Path

import pytest

from mdreader.settings import Settings
from support.crash import FAILPOINTS, ON_POSTGRES, Crashes, death_at


@pytest.mark.timeout(700)
async def test_kills_at_random_moments_lose_nothing(tmp_path: Path, settings: Settings) -> None:
    """A few; `python tests/campaigns/kills.py --kills 100` has them all."""
    await _die(tmp_path, ["random"] * (2 if settings.database_url else 4), seed=1, url=settings.database_url)


@pytest.mark.timeout(700)
async def test_kills_at_every_named_place_lose_nothing(tmp_path: Path, settings: Settings) -> None:
    places = ON_POSTGRES if settings.database_url else tuple(FAILPOINTS)
    await _die(tmp_path, list(places), seed=2, url=settings.database_url)


async def _die(folder: Path, names: list[str], seed: int, url: str | None) -> None:
    (folder / "crashes").mkdir()
    rng = random.Random(seed)
    crashes = Crashes(folder / "crashes", seed, documents=2, typists=2, database_url=url)
    try:
        await crashes.prepare()
        for name in names:
            await crashes.live(death_at(name, rng))
        await crashes.live(None)
    finally:
        await crashes.close()
    assert crashes.summary.deaths.total() == len(names) + 1
