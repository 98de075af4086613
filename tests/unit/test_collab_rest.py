"""The event loop's rest: only while it is wanted, and never while somebody needs more than keystrokes."""

import asyncio
import socket
import time
from collections.abc import Iterator

import pytest

from mdreader.features.collab.rest import Doors, Rest

LONG = 20.0
"""Seconds that nobody sleeps here."""


@pytest.fixture
def doors() -> Iterator[Doors]:
    made = Doors()
    yield made
    made.close()


@pytest.fixture
def sockets() -> Iterator[tuple[socket.socket, socket.socket]]:
    one, other = socket.socketpair()
    with one, other:
        yield one, other


async def test_it_sleeps_between_looks_until_it_is_not_wanted() -> None:
    slept: list[float] = []
    wanted = [0.04, 0.005, 0.03]
    ended = asyncio.Event()

    def seconds() -> float | None:
        if len(slept) == len(wanted):
            ended.set()
            return None
        return wanted[len(slept)]

    resting = Rest(seconds, lambda: False, slept.append)
    for _ in range(2):
        resting.begin()
        resting.begin()  # one rest at a time
        async with asyncio.timeout(60):
            await ended.wait()
        assert slept == wanted
        slept.clear()
        ended.clear()


async def test_whoever_needs_more_than_keystrokes_is_not_kept_waiting() -> None:
    slept: list[float] = []
    asked = 0
    enough = asyncio.Event()

    def disturbed() -> bool:
        nonlocal asked
        asked += 1
        if asked == 3:
            enough.set()
        return True

    Rest(lambda: LONG if asked < 3 else None, disturbed, slept.append).begin()
    async with asyncio.timeout(60):
        await enough.wait()
    assert slept == []


def test_who_knocks_ends_it(doors: Doors, sockets: tuple[socket.socket, socket.socket]) -> None:
    inside, outside = sockets
    doors.watch(inside.fileno())
    outside.send(b"GET / HTTP/1.1\r\n")
    began = time.monotonic()
    doors.sleep(LONG)
    assert time.monotonic() - began < LONG / 2


def test_who_knocked_and_is_not_let_in_yet_is_heard_once(
    doors: Doors, sockets: tuple[socket.socket, socket.socket]
) -> None:
    inside, outside = sockets
    doors.watch(inside.fileno())
    outside.send(b"x")
    doors.sleep(LONG)
    began = time.monotonic()
    doors.sleep(0.05)  # or a connection whose bytes nobody wants to read would keep the server awake
    assert time.monotonic() - began >= 0.05


def test_who_only_types_does_not_end_it(doors: Doors, sockets: tuple[socket.socket, socket.socket]) -> None:
    inside, outside = sockets
    doors.watch(inside.fileno())
    doors.ignore(inside.fileno())
    outside.send(b"x")
    began = time.monotonic()
    doors.sleep(0.05)
    assert time.monotonic() - began >= 0.05
