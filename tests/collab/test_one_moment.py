"""What is read of a document is true of one moment, whatever other servers store while it is read."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, cast

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from mdreader.features.collab import storage
from mdreader.features.collab.rewrite import Rewrite
from mdreader.features.collab.room import Room
from support.sides import Sides, sides_of
from support.waiting import eventually


@pytest.fixture
async def sides(postgres_url: str) -> AsyncIterator[Sides]:
    async with sides_of(postgres_url) as made:
        yield made


class Interrupted:
    """A connection on whose statements something else follows at once, each time."""

    def __init__(self, conn: AsyncConnection, meanwhile: Callable[[], Awaitable[object]]) -> None:
        self._conn = conn
        self._meanwhile = meanwhile

    async def execute(self, *statement: Any) -> Any:
        result = await self._conn.execute(*statement)
        await self._meanwhile()
        return result


def replacing(room: Room, user: str) -> Callable[[], Awaitable[object]]:
    """Each time, the text gets other line ends."""
    ends = ["\r\n", "\n"] * 3

    async def replace() -> None:
        await room.replace(Rewrite(f"text{ends[0]}{len(ends)}{ends.pop(0)}", None, user))

    return replace


def eol_after(seq: int) -> str:
    return "crlf" if seq % 2 == 0 else "lf"


async def test_the_shape_is_that_of_the_rows_it_is_loaded_with(sides: Sides) -> None:
    _, there = await sides.open()
    async with sides.databases[0].read() as conn:
        meanwhile = cast("AsyncConnection", Interrupted(conn, replacing(there, sides.user)))
        stored = await storage.load(meanwhile, there.document_id)
    assert stored is not None
    assert stored.shape.eol == eol_after(stored.seq)


async def test_the_shape_is_that_of_the_rows_that_are_new(sides: Sides) -> None:
    _, there = await sides.open()
    replace = replacing(there, sides.user)
    await replace()
    async with sides.databases[0].read() as conn:
        meanwhile = cast("AsyncConnection", Interrupted(conn, replace))
        new = await storage.rows_after(meanwhile, there.document_id, 1)
    assert new is not None
    assert [seq for seq, _ in new.rows] == list(range(2, new.seq + 1))
    assert new.shape.eol == eol_after(new.seq)


async def test_word_of_an_older_shape_that_comes_late_changes_nothing(
    sides: Sides, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Row 2 of the other server is read and at the same time comes by the doorbell; row 3 is ours, with another shape."""
    here, there = await sides.open()
    real = storage.rows_after

    async def late(conn: AsyncConnection, document_id: str, seq: int) -> storage.NewRows | None:
        new = await real(conn, document_id, seq)
        if seq == 1 and new is not None and new.seq == 2:
            follower = here.follower
            assert follower is not None
            for number, row in new.rows:
                follower._heard(b"\x01" + bytes((number,)) + row)
            assert here.seq == 2
            await here.replace(Rewrite("ours\r\n", None, sides.user))
        return new

    sides.bells.deaf = True
    await there.replace(Rewrite("theirs\n", None, sides.user))
    sides.bells.deaf = False
    monkeypatch.setattr(storage, "rows_after", late)
    await here.caught_up()
    await eventually(lambda: here.seq == 3, "both rows")
    assert here.text().text == "ours\r\n"
    assert (await sides.rooms[1].read(here.document_id)).text == "ours\r\n"
