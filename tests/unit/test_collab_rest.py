"""The event loop's rest: only while it is wanted, and never while somebody needs more than keystrokes."""

import asyncio
import time

import pytest

from mdreader.features.collab import rest
from mdreader.features.collab.rest import Rest


async def test_it_sleeps_between_looks_until_it_is_not_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    ended = asyncio.Event()

    def wanted() -> bool:
        if len(slept) == 3:
            ended.set()
        return len(slept) < 3

    resting = Rest(wanted, lambda: False)
    resting.begin()
    resting.begin()  # one rest at a time
    async with asyncio.timeout(5):
        await ended.wait()
    assert slept == [rest.SECONDS] * 3
    slept.clear()
    ended.clear()
    resting.begin()
    async with asyncio.timeout(5):
        await ended.wait()
    assert slept == [rest.SECONDS] * 3


async def test_whoever_needs_more_than_keystrokes_is_not_kept_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    asked = 0
    enough = asyncio.Event()

    def disturbed() -> bool:
        nonlocal asked
        asked += 1
        if asked == 3:
            enough.set()
        return True

    Rest(lambda: asked < 3, disturbed).begin()
    async with asyncio.timeout(5):
        await enough.wait()
    assert slept == []
