"""Texts that replace the live one, where other servers write to the same log: in their turn, under their condition, and told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from mdreader.db.engine import Transaction
from mdreader.db.wal_sync import Done
from mdreader.features.collab.follower import Follower
from mdreader.features.collab.log import Batch
from mdreader.features.collab.rewrite import Rewrite
from mdreader.features.collab.rewrites import EXACT_TRIES
from mdreader.features.collab.room import Room
from mdreader.kernel.errors import PreconditionFailedError, UnavailableError
from mdreader.ports.live import LiveText
from support.sides import Sides, Typist, sides_of
from support.waiting import eventually


@pytest.fixture
async def sides(postgres_url: str) -> AsyncIterator[Sides]:
    async with sides_of(postgres_url) as made:
        yield made


@dataclass
class Replaced:
    """How often a text was."""

    count: int = 0


@asynccontextmanager
async def replaced_without_end(room: Room, user: str) -> AsyncIterator[Replaced]:
    """Three who replace the text again and again until the block ends."""
    replaced = Replaced()
    over = False

    async def replace_on_and_on(name: str) -> None:
        while not over:
            await room.replace(Rewrite(f"{name} {replaced.count}\n", None, user))
            replaced.count += 1

    async with asyncio.TaskGroup() as group:
        for name in "abc":
            group.create_task(replace_on_and_on(name))
        await eventually(lambda: replaced.count > 5, "texts that are replaced")
        try:
            yield replaced
        finally:
            over = True


async def test_people_can_type_while_texts_are_replaced_without_end(sides: Sides) -> None:
    room, _ = await sides.open()
    ann = Typist(room, sides.user)
    told: dict[bytes, int] = {}  # how often the text had been replaced when a marker came
    async with replaced_without_end(room, sides.user) as put:

        def note(frame: bytes, _kind: object = None) -> None:
            told.setdefault(frame, put.count)
            ann.frames.append(frame)

        ann.connection.send = note
        for _ in range(3):
            before = put.count
            ann.type("typed ")
            marker = ann.mark()
            await eventually(lambda marker=marker, most=before + 30: marker in told or put.count > most, "an end")  # type: ignore[misc]
            assert marker in told
            assert told[marker] - before <= 3, "whoever types waits for many texts that came after it"
    await ann.saved()


async def test_texts_get_their_turn_while_people_type_without_end(sides: Sides) -> None:
    room, _ = await sides.open()
    typists = [Typist(room, sides.user) for _ in range(3)]
    over = False

    async def type_on_and_on(typist: Typist) -> None:
        while not over:
            typist.type("x")
            await typist.saved()

    async with asyncio.TaskGroup() as group:
        for typist in typists:
            group.create_task(type_on_and_on(typist))
        for number in range(5):
            assert (await room.replace(Rewrite(f"{number}\n", None, sides.user))).text == f"{number}\n"
        over = True


async def test_a_large_update_gets_its_turn_while_texts_are_replaced_without_end(sides: Sides) -> None:
    room, _ = await sides.open()
    ann = Typist(room, sides.user)
    async with replaced_without_end(room, sides.user) as put:
        before = put.count
        ann.type("large " * 10_000)
        marker = ann.mark()
        await eventually(lambda: marker in ann.frames or put.count > before + 200, "an end")
        assert marker in ann.frames
    await ann.saved()


async def elsewhere(sides: Sides, there: Room, text: str) -> LiveText:
    """Another server replaces the text, and nobody hears of it."""
    sides.bells.deaf = True
    try:
        return await there.replace(Rewrite(text, None, sides.user))
    finally:
        sides.bells.deaf = False


async def test_a_condition_holds_however_late_the_other_servers_rows_are_read(
    sides: Sides, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading fails for a while: the text is not made again before the row that was faster is here, and never without its condition."""
    here, there = await sides.open()
    etag = here.text().etag
    theirs = await elsewhere(sides, there, "theirs\n")
    asked = 0
    real = Follower._read

    async def away(follower: Follower, *, whole: bool) -> int:
        nonlocal asked
        if follower._room is here:
            asked += 1
            if asked <= 2:
                raise UnavailableError("a test")
        return await real(follower, whole=whole)

    monkeypatch.setattr(Follower, "_read", away)
    applied = 0
    apply = Rewrite.apply

    def counting(rewrite: Rewrite, *given: Any) -> Any:
        nonlocal applied
        applied += 1
        return apply(rewrite, *given)

    monkeypatch.setattr(Rewrite, "apply", counting)
    ann = Typist(here, sides.user)
    write = asyncio.create_task(here.replace(Rewrite("mine\n", etag, sides.user)))
    await eventually(lambda: here.pipeline.in_flight, "a text on its way")
    marker = ann.mark()  # has the room look again and again what there is to be stored
    with pytest.raises(PreconditionFailedError) as refused:
        await write
    assert marker in ann.frames
    assert refused.value.headers["ETag"] == f'"{theirs.etag}"'
    assert applied == 2, "made anew before there was anything new to make it of"
    assert await sides.rooms[0].read(here.document_id) == await sides.rooms[1].read(here.document_id) == theirs
    assert await sides.rows(here) == [2]


async def test_who_replaces_one_certain_text_is_sent_back_rather_than_merged(
    sides: Sides, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another server is faster each time, and what it stores leaves the text as it was."""
    here, there = await sides.open("a\n")
    etag = here.text().etag
    tries = 0
    commit = here._around.writer._store.commit

    def later(batches: list[Batch], now: int, done: Done) -> None:
        nonlocal tries
        tries += 1

        async def after_another() -> None:
            await there.replace(Rewrite("b\n", None, sides.user))
            await there.replace(Rewrite("a\n", None, sides.user))
            commit(batches, now, done)

        here._around.spawn(after_another())

    monkeypatch.setattr(here._around.writer._store, "commit", later)
    with pytest.raises(UnavailableError) as refused:
        await here.replace(Rewrite("mine\n", etag, sides.user))
    assert refused.value.headers["Retry-After"] == "1"
    assert tries == EXACT_TRIES
    assert (await sides.rooms[1].read(here.document_id)).text == "a\n"


async def test_the_tree_is_told_of_a_text_that_was_replaced_without_telling_it(sides: Sides) -> None:
    """As by an import whose own note of it failed: what is projected later notes it."""
    room, _ = await sides.open()
    told: list[str] = []

    async def record(_tx: Transaction, live: LiveText) -> None:
        told.append(live.text)

    await room.replace(Rewrite("noted\n", None, sides.user, record))
    assert told == ["noted\n"]
    assert room.position.recorded_seq == room.seq
    await room.replace(Rewrite("not noted\n", None, sides.user))
    await room.replace(Rewrite("noted again\n", None, sides.user, record))
    assert room.position.recorded_seq == room.seq - 2
    async with sides.databases[0].read() as conn:
        assert await size_in_tree(conn, room) == 0
    await sides.rooms[0]._projector.project([room])
    async with sides.databases[0].read() as conn:
        assert await size_in_tree(conn, room) == len("noted again\n")


async def size_in_tree(conn: AsyncConnection, room: Room) -> int:
    return int(await conn.scalar(text("SELECT size FROM documents WHERE id = :of"), {"of": room.document_id}))
