"""A room whose sockets are read when its window ends: nothing is lost, nothing is told too early, and nobody stays deaf."""

import asyncio
import errno
import select
import socket
import struct
from collections.abc import AsyncIterator
from types import SimpleNamespace

import pytest
from pycrdt import create_update_message

from mdreader.features.collab import ears, reception
from mdreader.features.collab.bulk import BULK_BYTES, BULK_PIECES, Stage
from mdreader.features.collab.closing import CloseCode
from support.crowd import PEOPLE, Crowd, crowd_of
from support.sides import Sides, hold_windows, sides_of
from support.waiting import eventually
from support.yclient import YClient

MARKER = b"\x66mark"


@pytest.fixture
async def sides(postgres_url: str) -> AsyncIterator[Sides]:
    async with sides_of(postgres_url) as made:
        yield made


@pytest.fixture
async def crowd(sides: Sides) -> AsyncIterator[Crowd]:
    async with crowd_of(sides) as made:
        yield made


@pytest.fixture(autouse=True)
def long_window(monkeypatch: pytest.MonkeyPatch) -> None:
    hold_windows(monkeypatch)
    monkeypatch.setattr(ears, "STRETCH", 3600.0)


def in_many_pieces(client: YClient) -> bytes:
    """A message that is small and yet a bulk."""
    before = client.doc.get_state()
    for number in range(BULK_PIECES + 8):
        client.content.insert(0, f"{number}." if number % 2 else ",")  # no two of them merge
    client._outgoing.clear()
    return create_update_message(client.doc.get_update(before))


async def turns() -> None:
    """Give the loop time to read, if it wants to."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_what_many_type_is_read_when_the_window_ends(crowd: Crowd) -> None:
    await crowd.become_deaf()
    before = crowd.room.seq
    for number, client in enumerate(crowd.clients):
        await client.append(f"<{number}>")
    await crowd.lies_in()
    await turns()
    assert (crowd.gathering.waits, crowd.room.seq) == (False, before)
    crowd.end_window()
    await crowd.room.quiesce()
    assert crowd.room.seq == before + 1
    await crowd.other.reads(lambda text: all(f"<{number}>" in text for number in range(PEOPLE)))
    for client in crowd.clients:
        await client.wait_for_text(lambda text: all(f"<{number}>" in text for number in range(PEOPLE)))


async def test_after_two_windows_without_a_word_the_loop_listens_again(crowd: Crowd) -> None:
    await crowd.become_deaf()
    crowd.end_window()
    assert crowd.deaf == PEOPLE
    crowd.end_window()
    assert crowd.deaf == 0
    await crowd.clients[0].append("awake")
    await eventually(lambda: crowd.gathering.waits, "message")
    crowd.end_window()
    await crowd.other.reads(lambda text: "awake" in text)


async def test_one_alone_is_heard_at_once(crowd: Crowd) -> None:
    await crowd.clients[0].append("alone")
    await eventually(lambda: crowd.gathering.waits, "message")
    crowd.end_window()
    assert crowd.deaf == 0


async def test_what_somebody_typed_right_before_leaving_is_stored(crowd: Crowd) -> None:
    await crowd.become_deaf()
    ann = crowd.clients[0]
    await ann.append("farewell")
    closing = asyncio.create_task(ann.close())
    await crowd.lies_in(next(iter(crowd.room.connections)))
    await crowd.windows_until(lambda: len(crowd.room.connections) == PEOPLE - 1, "her leaving")
    await closing
    await crowd.other.reads(lambda text: "farewell" in text)


async def test_everybody_is_told_when_the_room_ends(crowd: Crowd) -> None:
    await crowd.become_deaf()
    for client in crowd.clients:
        await client.append("too late")
    await crowd.lies_in()
    crowd.room.discard(CloseCode.TRY_AGAIN_LATER, "a test")
    assert crowd.deaf == 0
    for client in crowd.clients:
        assert (await client.closed())[0] == CloseCode.TRY_AGAIN_LATER


async def test_whose_right_is_taken_away_is_told_at_once(crowd: Crowd) -> None:
    await crowd.become_deaf()
    await crowd.clients[0].append("not any more")
    connection = next(iter(crowd.room.connections))
    connection.close(CloseCode.FORBIDDEN, "a test")
    assert (crowd.deaf, len(crowd.room.connections)) == (PEOPLE - 1, PEOPLE - 1)
    assert (await crowd.clients[0].closed())[0] == CloseCode.FORBIDDEN
    await eventually(lambda: connection.transport is None, "end of the socket")


async def test_a_pasted_text_is_read_at_once_and_stored(crowd: Crowd) -> None:
    ann, (first, *_) = crowd.clients[0], crowd.room.connections
    for letter in "xyz":  # the buffer that it is read into grows, and stays so
        await crowd.become_deaf()
        await ann.append(letter * (3 * BULK_BYTES))
        await crowd.lies_in(first)
        crowd.end_window()
        assert first not in crowd.gathering._ears._descriptors
        stored = 3 * BULK_BYTES
        await crowd.windows_until(lambda: crowd.other.read().count(letter) == stored, "text")  # noqa: B023 - awaited here
        await crowd.windows_until(lambda: crowd.deaf == 0, "silence")


async def test_who_is_dropped_with_something_unread_is_gone(crowd: Crowd) -> None:
    await crowd.become_deaf()
    ghost = next(iter(crowd.room.connections))
    for client in crowd.clients:
        await client.append("x")
    await crowd.lies_in()
    ghost.drop("slow_reader")
    await eventually(lambda: ghost.transport is None, "end of the socket")
    assert ghost not in crowd.room.connections
    assert (crowd.deaf, crowd.gathering._taking) == (PEOPLE - 1, False)
    crowd.end_window()
    await crowd.other.reads(lambda text: text.count("x") == PEOPLE - 1)


async def test_who_resets_the_socket_before_something_is_sent_is_gone(crowd: Crowd) -> None:
    await crowd.become_deaf()
    ghost = next(iter(crowd.room.connections))
    await crowd.clients[0].append("lost")
    transport = crowd.clients[0]._socket.transport
    linger = struct.pack("ii", 1, 0)
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    transport.abort()
    await crowd.clients[0].closed()

    def is_gone_when_written_to() -> bool:
        crowd.room.send_update(b"\0\0", None)
        return ghost.transport is None

    await eventually(is_gone_when_written_to, "its end")
    assert ghost not in crowd.room.connections
    assert crowd.deaf == PEOPLE - 1


async def test_what_was_held_goes_before_what_lies_in_the_socket(crowd: Crowd) -> None:
    await crowd.become_deaf()
    mal, eve, *_ = crowd.room.connections
    crowd.room.hold()  # a large row of another server is being taken in
    await crowd.clients[0].send(b"\0\1\1\xff")  # no update
    await crowd.clients[1].append("first")
    await crowd.lies_in(mal, eve)
    crowd.end_window()
    assert crowd.room._reception.holds
    await crowd.clients[1].append("second")
    await crowd.clients[1].send(MARKER)
    await crowd.lies_in(eve)
    await turns()
    crowd.room.let_go()  # he is refused, and leaves
    assert mal not in crowd.room.connections
    assert (crowd.room.pipeline.unapplied, eve.behind) == (True, False)
    assert MARKER not in crowd.clients[1].frames
    await crowd.windows_until(lambda: MARKER in crowd.clients[1].frames, "word that it is saved")
    text = (await crowd.other_rooms.read(crowd.room.document_id)).text
    assert "first" in text
    assert "second" in text


async def test_what_goes_on_after_it_was_held_does_not_wait_again_behind_the_rest(
    crowd: Crowd, monkeypatch: pytest.MonkeyPatch
) -> None:
    await crowd.become_deaf()
    eve, typing = list(crowd.room.connections)[1], crowd.clients[1]
    crowd.room.hold()
    await typing.append("first")
    await typing.send(MARKER)
    await crowd.lies_in(eve)
    await crowd.windows_until(lambda: len(crowd.room._reception._held or ()) == 2, "both messages")
    await turns()
    readings = iter((0.0, 0.0, 3600.0))  # the first message takes an hour
    with monkeypatch.context() as patch:
        patch.setattr(reception, "time", SimpleNamespace(perf_counter=lambda: next(readings)))
        crowd.room.let_go()
        crowd.room.take_in()  # somebody leaves before the next stretch
        assert (crowd.room.pipeline.unapplied, crowd.gathering.waits) == (True, False)
        assert [payload for _, payload in crowd.room._reception._held or ()] == [MARKER]
    await crowd.windows_until(lambda: MARKER in typing.frames, "word that it is saved")
    assert "first" in (await crowd.other_rooms.read(crowd.room.document_id)).text


async def test_what_was_held_behind_something_large_keeps_its_order(crowd: Crowd) -> None:
    ann, bob, *_ = crowd.clients
    crowd.room.hold()
    await ann.send(in_many_pieces(ann))
    await eventually(lambda: len(crowd.room._reception._held or ()) == 1, "the large one")
    for text in ("B1", "B2"):
        await bob.append(text)
    await bob.send(MARKER)
    await bob.append("B3")
    await eventually(lambda: len(crowd.room._reception._held or ()) == 5, "what bob sent")
    before = [payload for _, payload in crowd.room._reception._held or ()]
    crowd.room.let_go()
    assert [payload for _, payload in crowd.room._reception._held or ()] == before[1:]
    await crowd.windows_until(lambda: MARKER in bob.frames, "word that it is saved")
    text = (await crowd.other_rooms.read(crowd.room.document_id)).text
    assert "B1" in text
    assert "B2" in text


async def test_nothing_large_begins_while_something_large_is_taken_in(crowd: Crowd) -> None:
    await crowd.clients[0].send(in_many_pieces(crowd.clients[0]))
    await eventually(lambda: crowd.gathering.waits, "message")
    crowd.room.hold()
    bulk = crowd.room.pipeline.bulk
    assert bulk is not None
    assert bulk.stage is Stage.WAITING
    crowd.room.let_go()
    await crowd.windows_until(lambda: crowd.other.read().count(",") == (BULK_PIECES + 8) / 2, "text")


async def test_nobody_stays_deaf_when_something_goes_wrong(crowd: Crowd, monkeypatch: pytest.MonkeyPatch) -> None:
    await crowd.become_deaf()

    before = crowd.room.seq
    await crowd.clients[1].append("stored")
    await crowd.lies_in(list(crowd.room.connections)[1])
    read = ears.Ears.read

    def fails(some: ears.Ears) -> int:
        read(some)
        raise RuntimeError("a test")

    with monkeypatch.context() as patch:
        patch.setattr(ears.Ears, "read", fails)
        crowd.end_window()
    assert crowd.deaf == 0
    await eventually(lambda: crowd.room.seq == before + 1, "a row of what was read before that")
    await crowd.clients[0].append("heard")
    await eventually(lambda: crowd.gathering.waits, "message")
    crowd.end_window()
    await crowd.other.reads(lambda text: "heard" in text)


async def test_without_more_watches_of_the_kernel_the_loop_reads_on(
    crowd: Crowd, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses() -> None:
        raise OSError(errno.EMFILE, "a test")

    monkeypatch.setattr(select, "epoll", refuses)
    for turn in range(2):
        for client in crowd.clients[:2]:
            await client.append(f"<{turn}>")
        await eventually(lambda: len(crowd.gathering._messages) == 2, "both messages")
        crowd.end_window()
        assert crowd.deaf == 0
        await crowd.room.quiesce()
    await crowd.other.reads(lambda text: text.count("<0>") == text.count("<1>") == 2)
