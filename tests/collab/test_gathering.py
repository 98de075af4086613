"""While people on several servers type in one document, what comes is looked at when the window ends: nothing of it gets lost before."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from mdreader.features.collab import window
from mdreader.features.collab.closing import CloseCode
from mdreader.features.collab.protocol import encode_update
from mdreader.features.collab.room import Room
from support.sides import Sides, Typist, hold_windows, sides_of
from support.waiting import eventually

PEOPLE = window.FEW + 2
"""On each server: enough for a window."""


@pytest.fixture
async def sides(postgres_url: str) -> AsyncIterator[Sides]:
    async with sides_of(postgres_url) as made:
        yield made


@pytest.fixture(autouse=True)
def long_window(monkeypatch: pytest.MonkeyPatch) -> None:
    hold_windows(monkeypatch)


async def gathering(sides: Sides, room: Room, there: Room) -> tuple[list[Typist], Typist]:
    """People in a room that gathers, for somebody has just typed on the other server."""
    people = [Typist(room, sides.user) for _ in range(PEOPLE)]
    other = Typist(there, sides.user)
    other.type("there ")
    await other.saved()
    await eventually(lambda: room.pipeline.gathers, "a window that both share")
    return people, other


def end_window(room: Room) -> None:
    assert room._gathering is not None
    room._gathering.end_window()


async def ended(room: Room) -> None:
    """End the room's window, and wait until all of it is stored."""
    end_window(room)
    await room.quiesce()


async def test_nobody_looks_at_keystrokes_before_the_window_ends(sides: Sides) -> None:
    here, there = await sides.open("\n")
    (ann, bob, *_), other = await gathering(sides, here, there)
    before = here.seq
    for typist, letter in ((ann, "a"), (bob, "b"), (ann, "c")):
        typist.type(letter)
    assert (here.busy, here.pipeline.busy, here.seq) == (True, False, before)
    await ended(here)
    assert (here.busy, here.pipeline.busy, here.seq) == (False, False, before + 1)  # one row of all of it
    await other.reads(lambda text: all(letter in text for letter in "abc"))


async def test_it_is_told_saved_only_behind_what_was_typed_before(sides: Sides) -> None:
    here, there = await sides.open("\n")
    (ann, *_), _ = await gathering(sides, here, there)
    ann.type("typed")
    marker = ann.mark()
    assert marker not in ann.frames
    assert here.pipeline.unapplied
    end_window(here)
    await eventually(lambda: marker in ann.frames, "word that it is saved")
    assert "typed" in (await sides.rooms[1].read(here.document_id)).text


async def test_what_somebody_typed_right_before_leaving_is_stored(sides: Sides) -> None:
    here, there = await sides.open("\n")
    (ann, *_), other = await gathering(sides, here, there)
    ann.type("farewell")
    here.leave(ann.connection)
    end_window(here)
    await other.reads(lambda text: "farewell" in text)


async def test_one_message_that_is_refused_takes_no_other_along(sides: Sides) -> None:
    here, there = await sides.open("\n")
    (ann, bob, eve, *_), other = await gathering(sides, here, there)
    ann.type("before")
    here.receive(eve.connection, encode_update(b"\xff"))

    def fails(*_: object) -> None:
        raise RuntimeError("a test")

    here.receive(bob.connection, encode_update(b"\xfe"))
    bob.connection.take_late = fails
    ann.type("after")
    await ended(here)
    assert eve.connection.close.call_args.args[0] is CloseCode.REFUSED
    bob.connection.drop.assert_called_once()
    await other.reads(lambda text: "before" in text and "after" in text)


async def test_many_at_once_are_not_kept_for_the_end_of_the_window(sides: Sides) -> None:
    here, there = await sides.open("\n")
    (ann, *_), _ = await gathering(sides, here, there)
    for _ in range(65):
        ann.type("x")
    assert here.pipeline.unapplied
    await ended(here)
    assert (await sides.rooms[1].read(here.document_id)).text.count("x") == 65


async def test_a_room_that_ends_looks_at_nothing_more(sides: Sides) -> None:
    here, there = await sides.open("\n")
    (ann, *_), _ = await gathering(sides, here, there)
    before = here.seq
    ann.type("too late")
    here.discard(CloseCode.TRY_AGAIN_LATER, "a test")
    await asyncio.sleep(0)
    assert not here.pipeline.unapplied
    assert here.seq == before
