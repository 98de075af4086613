"""The bus between servers, at moments that a real link shows seldom."""

import asyncio
from collections.abc import Callable, Collection, Sequence

import pytest

from mdreader.adapters import bus as bus_module
from mdreader.adapters.bus import Bus, Received
from support.waiting import eventually


class HeldWire:
    """A wire whose `forget` takes as long as the test wants."""

    def __init__(self, received: Received) -> None:
        self.received = received
        self.heard: set[str] = set()
        self.forgetting = asyncio.Event()
        self.go_on = asyncio.Event()

    async def listen(self, channels: Collection[str]) -> None:
        self.heard.update(channels)

    async def forget(self, channels: Collection[str]) -> None:
        self.forgetting.set()
        await self.go_on.wait()
        self.heard.difference_update(channels)

    def send(self, messages: Sequence[tuple[str, bytes]], sent: Callable[[], None]) -> None:
        for channel, message in messages:
            if channel in self.heard:
                self.received(channel, b"another." + message[8:])
        sent()

    async def run(self) -> None:
        await asyncio.Event().wait()

    async def close(self) -> None:
        pass


async def test_who_subscribes_while_the_channel_is_being_forgotten_hears_it_again() -> None:
    wires: list[HeldWire] = []

    async def dial(received: Received) -> HeldWire:
        wires.append(HeldWire(received))
        return wires[0]

    heard: asyncio.Queue[bytes] = asyncio.Queue()
    async with Bus(dial, "test").running() as bus:
        end = await bus.subscribe("room", heard.put_nowait)
        end()
        await wires[0].forgetting.wait()
        subscribing = asyncio.ensure_future(bus.subscribe("room", heard.put_nowait))
        await asyncio.sleep(0)  # it has asked
        wires[0].go_on.set()
        await subscribing
        assert "room" in wires[0].heard
        bus.publish("room", b"again")
        async with asyncio.timeout(60):
            assert await heard.get() == b"again"


class BreakingWire(HeldWire):
    """Takes what is given to it, and is cut before it says that it has it."""

    def __init__(self, received: Received) -> None:
        super().__init__(received)
        self.taken: list[list[bytes]] = []
        self.cut = asyncio.Event()
        self.confirms = True

    def send(self, messages: Sequence[tuple[str, bytes]], sent: Callable[[], None]) -> None:
        self.taken.append([message[8:] for _, message in messages])
        if self.confirms:
            sent()

    async def run(self) -> None:
        await self.cut.wait()
        raise ConnectionResetError


async def test_what_a_wire_did_not_confirm_goes_over_the_next_one_first() -> None:
    wires: list[BreakingWire] = []

    async def dial(received: Received) -> BreakingWire:
        wires.append(BreakingWire(received))
        wires[-1].confirms = len(wires) > 1
        return wires[-1]

    async with Bus(dial, "test").running() as bus:
        bus.publish("room", b"one")
        bus.publish("room", b"two")
        await asyncio.sleep(0)
        bus.publish("room", b"three")  # waits: the wire has not confirmed the others, which went together
        await asyncio.sleep(0)
        assert wires[0].taken == [[b"one", b"two"]]
        wires[0].cut.set()
        await eventually(lambda: len(wires) == 2 and bool(wires[1].taken), "the next wire")
        assert wires[1].taken == [[b"one", b"two", b"three"]]


async def test_others_are_told_once_of_messages_that_were_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bus_module, "QUEUE_MESSAGES", 2)
    wires: list[BreakingWire] = []

    async def dial(received: Received) -> BreakingWire:
        wires.append(BreakingWire(received))
        return wires[-1]

    async with Bus(dial, "test").running() as bus:
        for number in range(5):
            bus.publish("room", b"%d" % number)
        await eventually(lambda: len(wires[0].taken) == 2, "both batches")
        bus.publish("room", b"later")
        await eventually(lambda: len(wires[0].taken) == 3, "the last")
        assert wires[0].taken == [[b""], [b"3", b"4"], [b"later"]]
