"""The bus between servers, at moments that a real link shows seldom."""

import asyncio
from collections.abc import Collection, Sequence

from mdreader.adapters.bus import Bus, Received


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

    async def send(self, messages: Sequence[tuple[str, bytes]]) -> None:
        for channel, message in messages:
            if channel in self.heard:
                self.received(channel, b"another." + message[8:])

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
        async with asyncio.timeout(20):
            assert await heard.get() == b"again"
