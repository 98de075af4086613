"""The power goes: no promise may be broken."""

from pathlib import Path

import pytest

from support.power import run


@pytest.mark.timeout(700)
async def test_nothing_promised_is_lost_when_the_power_goes(
    tmp_path: Path, empty_database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """150 cuts or so; `python tests/campaigns/power_cuts.py` makes 3,000."""
    found = await run(tmp_path, empty_database, monkeypatch, steps=600, cuts=150, seed=1)
    assert found.cuts > 75
    assert found.promises > 200
