"""PostgreSQL crashes under load: nothing is lost that was acknowledged or that somebody saw, and everybody goes on by himself."""

from pathlib import Path

import pytest

from support.postgres import Postgres
from support.stops import Stops


@pytest.mark.timeout(400)
async def test_immediate_stops_lose_nothing_and_are_recovered_from(tmp_path: Path) -> None:
    """Two; `python tests/campaigns/postgres_stops.py` makes 20."""
    with Postgres(durable=True) as postgres:
        stops = Stops(tmp_path, postgres, seed=3, documents=2, typists=2)
        await stops.prepare()
        try:
            for _ in range(2):
                await stops.live()
            await stops.live(stop=False)
        finally:
            assert await stops.close() == 0
    assert stops.summary.stops == 2
    assert stops.summary.acknowledged > 20
    assert len(stops.summary.healing_seconds) == 3
