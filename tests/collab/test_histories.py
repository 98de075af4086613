"""Live text = replayed = compacted = what Yjs computes."""

import httpx
import pytest
from fastapi import FastAPI

from mdreader.features.collab import rooms
from support.storing import check_stories


async def test_histories_of_yjs_end_in_the_same_text_in_every_way_of_keeping_them(
    app: FastAPI, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """50 here; `python tests/campaigns/histories.py` takes 1,000."""
    monkeypatch.setattr(rooms, "EMPTY_SECONDS", 1000)  # they close rooms themselves, however slow the machine is
    assert await check_stories(app, client, 50, seed=1) > 1_000
