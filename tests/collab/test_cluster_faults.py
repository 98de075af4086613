"""Faults between servers, in small; `tests/campaigns/cluster_faults.py` is the long run."""

from pathlib import Path

import pytest

from support.cluster_faults import Office


@pytest.mark.parametrize("kind", ["cut", "kill"])
async def test_what_is_written_while_redis_is_away_is_everywhere_when_it_is_back(kind: str, tmp_path: Path) -> None:
    async with Office.open(tmp_path, bus="redis", people=2, documents=1) as office:
        await office.fault(kind, 0.5)
        await office.check()
        assert office.outcome.acknowledged > 0


async def test_servers_restart_in_turns_and_nobody_loses_anything(tmp_path: Path) -> None:
    async with Office.open(tmp_path, bus="postgres", people=2, documents=1) as office:
        await office.restart(0)
        await office.restart(1)
        await office.check()
        assert office.outcome.away
