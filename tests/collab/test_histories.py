"""Live text = replayed = compacted = what Yjs computes."""

import httpx
from fastapi import FastAPI

from support.storing import check_stories


async def test_histories_of_yjs_end_in_the_same_text_in_every_way_of_keeping_them(
    app: FastAPI, client: httpx.AsyncClient
) -> None:
    """50 here; `python tests/campaigns/histories.py` takes 1,000."""
    assert await check_stories(app, client, 50, seed=1) > 1_000
