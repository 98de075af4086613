"""Much that comes at once: from other servers it is taken in a little at a time, from people it waits within bounds."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from pycrdt import Doc, Text
from sqlalchemy import text

from mdreader.features.collab import storage
from mdreader.features.collab.closing import CloseCode
from mdreader.features.collab.content import Content
from mdreader.features.collab.follower import GRACE, RETRY
from mdreader.features.collab.gate import Gate, Verdict, clocks_of
from mdreader.features.collab.replica import Replica
from mdreader.features.collab.room import Room
from mdreader.kernel.errors import UnavailableError
from mdreader.kernel.memory import settle
from support.sides import Sides, Typist, sides_of
from support.waiting import eventually


@pytest.fixture
async def sides(postgres_url: str) -> AsyncIterator[Sides]:
    async with sides_of(postgres_url) as made:
        yield made


class Stall:
    """The most CPU time for which the event loop did not come round."""

    def __init__(self) -> None:
        settle()  # or the collector looks through what other tests left here, which takes longer than what is measured
        self.seconds = 0.0
        self._task = asyncio.create_task(self._watch())

    async def _watch(self) -> None:
        while True:
            since = time.thread_time()
            await asyncio.sleep(0)
            self.seconds = max(self.seconds, time.thread_time() - since)

    def end(self) -> float:
        self._task.cancel()
        return self.seconds


def rows(count: int, letters: int) -> list[bytes]:
    """Updates of one client, each with as many letters at the beginning of the text, one by one: no two are one piece."""
    doc: Doc[Text] = Doc()
    content = doc.get("content", type=Text)
    made = []
    for _ in range(count):
        before = doc.get_state()
        for _ in range(letters):
            content.insert(0, "x")
        made.append(doc.get_update(before))
    return made


def pasted(letters: int) -> bytes:
    """An update of a client of its own: one text of so many letters."""
    doc: Doc[Text] = Doc()
    content = doc.get("content", type=Text)
    content.insert(0, "x" * letters)
    return doc.get_update()


async def store(sides: Sides, room: Room, updates: list[bytes]) -> int:
    """Append rows as another server would, without a word of it; the number of the last."""
    last = room.seq + len(updates)
    async with sides.databases[0].write() as tx:
        await tx.conn.execute(
            text("INSERT INTO document_updates (document_id, seq, data, created_at) VALUES (:of, :seq, :data, 0)"),
            [{"of": room.document_id, "seq": room.seq + 1 + n, "data": data} for n, data in enumerate(updates)],
        )
        await tx.conn.execute(
            text("UPDATE document_heads SET seq = :seq WHERE document_id = :of"), {"seq": last, "of": room.document_id}
        )
    return last


@pytest.mark.parametrize(("count", "letters"), [(1, 15_000), (800, 40)], ids=["one large row", "many rows"])
async def test_what_others_stored_is_taken_in_without_holding_up_the_loop(
    sides: Sides, count: int, letters: int
) -> None:
    room = (await sides.open("\n"))[0]
    ann = Typist(room, sides.user)
    last = await store(sides, room, await asyncio.to_thread(rows, count, letters))
    stall = Stall()
    room.catch_up(last)
    ann.type("!")  # while it goes on
    await ann.saved()
    await eventually(lambda: room.seq == last + 1, "all rows")
    assert stall.end() < 0.03
    await ann.reads(lambda text: text.count("x") == count * letters)
    assert "!" in ann.read()
    assert (await sides.rooms[1].read(room.document_id)).text == ann.read()


async def test_a_long_log_is_read_without_holding_up_the_loop(sides: Sides) -> None:
    (here, _) = await sides.open("\n")
    many, large = await asyncio.to_thread(rows, 800, 60), await asyncio.to_thread(rows, 1, 15_000)
    last = await store(sides, here, [*many, *large])
    stall = Stall()
    async with sides.databases[0].read() as conn:
        stored = await storage.load(conn, here.document_id)
    assert stall.end() < 0.03
    assert stored is not None
    assert (stored.seq, stored.log_rows) == (last, 801)
    assert stored.clocks == clocks_of(stored.state)
    assert str(Replica(stored.state).text()).count("x") == 800 * 60 + 15_000


async def test_what_is_read_at_once_of_missed_rows_is_bounded_in_bytes(
    sides: Sides, monkeypatch: pytest.MonkeyPatch
) -> None:
    (room, _) = await sides.open("\n")
    ann = Typist(room, sides.user)
    size = storage.MAX_ROWS_BYTES
    last = await store(sides, room, [pasted(letters) for letters in (size // 3,) * 5 + (3 * size,) + (1,) * 2])
    async with sides.databases[0].read() as conn:
        after, read = room.seq, []
        while after < last:
            new = await storage.rows_after(conn, room.document_id, after)
            assert new is not None
            assert new.seq == last
            assert sum(len(data) for _, data in new.rows[:-1]) < size
            read.append([seq - room.seq for seq, _ in new.rows])
            after = new.rows[-1][0]
    assert read == [[1, 2, 3], [4, 5, 6], [7, 8]]
    asked = 0
    real = storage.rows_after

    async def counted(*given: Any) -> Any:
        nonlocal asked
        asked += 1
        return await real(*given)

    monkeypatch.setattr(storage, "rows_after", counted)
    room.catch_up(last)
    await eventually(lambda: room.seq == last, "all rows")
    assert asked == len(read)
    await ann.reads(lambda text: text.count("x") == 5 * (size // 3) + 3 * size + 2)


async def test_a_folded_log_is_taken_in_as_a_whole(sides: Sides) -> None:
    here, there = await sides.open("\n")
    ann = Typist(here, sides.user)
    sides.bells.deaf = True
    bob = Typist(there, sides.user)
    for _ in range(3):
        bob.type("theirs ")
        await bob.saved()
    await sides.rooms[1]._projector.project([there], fold=True)
    assert await sides.rows(here) == []
    sides.bells.deaf = False
    ann.type("ours ")
    await ann.reads(lambda text: text.count("theirs ") == 3)
    bob.type("!")
    await ann.reads(lambda text: "!" in text)
    await bob.reads(lambda text: "ours " in text)
    assert ann.read() == bob.read() == (await sides.rooms[1].read(here.document_id)).text
    assert here.seq == there.seq


async def test_a_database_that_does_not_answer_is_not_asked_all_the_time(
    sides: Sides, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = (await sides.open())[0]
    follower = room.follower
    assert follower is not None
    asked = 0

    async def away(*_: object) -> None:
        nonlocal asked
        asked += 1
        raise UnavailableError("a test")

    monkeypatch.setattr(storage, "rows_after", away)
    loop = asyncio.get_running_loop()
    real, waits = loop.call_later, []

    def call_later(seconds: float, callback: Any, *more: Any, **options: Any) -> asyncio.TimerHandle:
        if callback == follower._fetch_now:
            waits.append(seconds)
        return real(seconds, callback, *more, **options)

    monkeypatch.setattr(loop, "call_later", call_later)
    room.catch_up(2)

    def tried_twice() -> bool:
        follower.look(2)  # word comes again and again
        return len(waits) > 2

    await eventually(tried_twice, "two tries")
    assert asked == 2
    assert waits[0] == GRACE
    assert waits[1] > RETRY / 2 > GRACE
    assert waits[2] > RETRY


@contextmanager
def slow_checks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Large updates are checked for as long as the block lasts."""
    go_on = threading.Event()
    real = Content.check

    def slow(content: Content, update: bytes, user_id: str) -> Any:
        if len(update) > 100_000:
            go_on.wait(100)
        return real(content, update, user_id)

    monkeypatch.setattr(Content, "check", slow)
    try:
        yield
    finally:
        go_on.set()


async def test_what_waits_for_a_large_update_is_bounded(sides: Sides, monkeypatch: pytest.MonkeyPatch) -> None:
    room = (await sides.open())[0]
    ann, bob, mallory = (Typist(room, sides.user) for _ in range(3))

    def leave(code: CloseCode, _reason: str) -> None:
        assert code is CloseCode.TOO_MANY_MESSAGES
        room.leave(mallory.connection)

    mallory.connection.close.side_effect = leave
    with slow_checks(monkeypatch):
        ann.type("large " * 30_000)
        await eventually(lambda: room.pipeline.bulk is not None and not room.pipeline.is_settled, "a busy room")
        bob.type("small ")
        frame = bytes(2_000_000)
        for _ in range(5):
            room.receive(mallory.connection, frame)
        assert not mallory.connection.close.called  # 10 MB: the largest document there may be fits
        room.receive(mallory.connection, frame)
        assert mallory.connection.close.call_count == 1
        assert room._reception._held is not None
        waiting = list(room._reception._held)
        assert [connection for connection, _ in waiting] == [bob.connection]  # nothing of mallory's is kept
    await asyncio.gather(ann.saved(), bob.saved())
    assert not ann.connection.close.called
    assert not bob.connection.close.called
    assert "small " in (await sides.rooms[0].read(room.document_id)).text


async def test_all_connections_together_are_bounded(sides: Sides, monkeypatch: pytest.MonkeyPatch) -> None:
    room = (await sides.open())[0]
    ann = Typist(room, sides.user)
    others = [Typist(room, sides.user) for _ in range(6)]
    with slow_checks(monkeypatch):
        ann.type("large " * 30_000)
        await eventually(lambda: room.pipeline.bulk is not None and not room.pipeline.is_settled, "a busy room")
        for other in others[:5]:
            room.receive(other.connection, bytes(8_500_000))
        room.receive(others[0].connection, bytes(1_000_000))
        assert not any(other.connection.close.called for other in others)
        others[5].type("small ")  # not whoever comes last, but who has most waiting
        room.receive(others[5].connection, bytes(1_000_000))
        assert [other.connection.close.called for other in others] == [True, False, False, False, False, False]
        for other in others:
            room.leave(other.connection)
    await ann.saved()


async def test_a_row_of_keystrokes_is_followed_without_reading_it(
    sides: Sides, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = await sides.open("\n")
    typists = [Typist(here, sides.user) for _ in range(3)]
    for typist in typists:
        typist.type("first ")
        await typist.saved()
    bob = Typist(there, sides.user)
    bob.type("there ")
    await bob.saved()
    await eventually(lambda: here.seq == there.seq == 5, "the rows in which everybody is new")
    read: list[bytes] = []
    real = Gate.check_stored

    def noted(gate: Gate, update: bytes) -> Verdict:
        read.append(update)
        return real(gate, update)

    monkeypatch.setattr(Gate, "check_stored", noted)
    for typist in typists:
        typist.type("second ")  # in one go, and so in one row
    await eventually(lambda: here.seq == there.seq == 6, "the row of all three")
    assert read == []
    assert (await sides.rooms[1].read(there.document_id)).text.count("second ") == 3
