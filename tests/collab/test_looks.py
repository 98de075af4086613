"""Looks at how far the logs of open documents are leave out what a row of this server's own has just told."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from mdreader.features.collab import storage
from support.sides import Sides, Typist, sides_of


@pytest.fixture
async def sides(postgres_url: str) -> AsyncIterator[Sides]:
    async with sides_of(postgres_url) as made:
        yield made


async def test_a_room_that_has_just_stored_a_row_is_left_out_of_a_look(
    sides: Sides, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed_in, quiet = (await sides.open())[0], (await sides.open())[0]
    asked: list[set[str]] = []
    real = storage.progress

    async def noted(conn: Any, ids: Sequence[str]) -> dict[str, storage.Progress]:
        asked.append(set(ids))
        return await real(conn, ids)

    monkeypatch.setattr(storage, "progress", noted)
    looking = sides.rooms[0]._peers
    assert looking is not None
    ann = Typist(typed_in, sides.user)
    before = looking._time()
    ann.type("x")
    await ann.saved()
    await looking._look_at_all(before)
    await looking._look_at_all(looking._time())
    assert asked == [{quiet.document_id}, {quiet.document_id, typed_in.document_id}]
