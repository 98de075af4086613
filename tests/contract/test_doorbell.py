"""What every adapter of `ports.doorbell` does."""

import random

import pytest

from mdreader.adapters import bus as bus_module
from mdreader.adapters import wire_postgres, wire_redis
from mdreader.adapters.doorbell_bus import BusDoorbell
from mdreader.adapters.doorbell_local import LocalDoorbell
from support.buses import OpenBus, buses
from support.chaos import ChaosProxy
from support.waiting import eventually


async def test_alone_nothing_is_heard_and_nothing_is_lost() -> None:
    heard: list[bytes] = []
    doorbell = LocalDoorbell()
    end = await doorbell.listen("d", heard.append)
    doorbell.on_gap(lambda: heard.append(b"gap"))()
    doorbell.publish("d", b"message")
    end()
    end()
    assert heard == []


async def test_others_hear_in_order_and_of_their_documents_alone(open_bus: OpenBus) -> None:
    one, other = BusDoorbell(await open_bus()), BusDoorbell(await open_bus())
    own: list[bytes] = []
    heard: list[bytes] = []
    elsewhere: list[bytes] = []
    await one.listen("d1", own.append)
    await other.listen("d1", heard.append)
    await other.listen("d2", elsewhere.append)
    messages = [random.Random(n).randbytes(n % 50) for n in range(2000)]
    for message in messages:
        one.publish("d1", message)
        one.publish("d3", message)
    await eventually(lambda: len(heard) == len(messages), "messages")
    assert heard == messages
    one.publish("d2", b"for another document")
    await eventually(lambda: elsewhere == [b"for another document"], "a message of another document")
    assert own == []


@pytest.mark.parametrize("size", [5_899, 5_900, 5_901, 40_000, 1_000_000])
async def test_a_message_of_any_size_arrives_whole(size: int, open_bus: OpenBus) -> None:
    one, other = BusDoorbell(await open_bus()), BusDoorbell(await open_bus())
    heard: list[bytes] = []
    await other.listen("d", heard.append)
    message = random.Random(size).randbytes(size)
    one.publish("d", message)
    one.publish("d", b"after it")
    await eventually(lambda: len(heard) == 2, "both messages")
    assert heard == [message, b"after it"]


async def test_after_the_end_nothing_is_heard_and_listening_again_works(open_bus: OpenBus) -> None:
    one, other = BusDoorbell(await open_bus()), BusDoorbell(await open_bus())
    heard: list[bytes] = []
    ends: list[bytes] = []
    await other.listen("end", ends.append)
    for number in range(5):
        end = await other.listen("d", heard.append)
        one.publish("d", b"%d" % number)
        await eventually(lambda wanted=number + 1: len(heard) == wanted, "a message")  # type: ignore[misc]
        end()
        end()
        one.publish("d", b"unheard")
        one.publish("end", b"")
        await eventually(lambda wanted=number + 1: len(ends) == wanted, "the end of a round")  # type: ignore[misc]
    assert heard == [b"0", b"1", b"2", b"3", b"4"]


async def test_two_listeners_of_one_server_end_apart(open_bus: OpenBus) -> None:
    one, other = BusDoorbell(await open_bus()), BusDoorbell(await open_bus())
    first: list[bytes] = []
    second: list[bytes] = []
    end = await other.listen("d", first.append)
    await other.listen("d", second.append)
    end()
    one.publish("d", b"m")
    await eventually(lambda: second == [b"m"], "a message")
    assert first == []


async def test_a_listener_that_fails_does_not_break_the_link(open_bus: OpenBus) -> None:
    one, other = BusDoorbell(await open_bus()), BusDoorbell(await open_bus())
    heard: list[bytes] = []

    def fail(_message: bytes) -> None:
        raise RuntimeError("a listener's own mistake")

    await other.listen("d", fail)
    await other.listen("d", heard.append)
    one.publish("d", b"1")
    one.publish("d", b"2")
    await eventually(lambda: heard == [b"1", b"2"], "messages")


@pytest.mark.parametrize("how", ["cut", "hold"])
async def test_a_gap_is_announced_after_a_fault(
    how: str, bus_proxy: tuple[ChaosProxy, str], open_bus: OpenBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy, url = bus_proxy
    other = BusDoorbell(await open_bus())
    async with buses(url) as opened:
        with monkeypatch.context() as impatient:
            for module in (wire_redis, wire_postgres):
                impatient.setattr(module, "QUIET_SECONDS", 0.2)
            impatient.setattr(wire_postgres, "COMMAND_SECONDS", 0.5)
            bus = await opened()
            doorbell = BusDoorbell(bus)
            heard: list[bytes] = []
            gaps: list[None] = []
            await doorbell.listen("d", heard.append)
            doorbell.on_gap(lambda: gaps.append(None))
            getattr(proxy, how)()
            await eventually(lambda: not bus.is_up, "notice of the fault")
        late = await doorbell.listen("late", heard.append)  # returns at once
        other.publish("d", b"missed or not")
        gaps.clear()  # on a busy machine so impatient a link may have had one before
        proxy.heal()
        await eventually(lambda: bool(gaps), "word of the gap")
        other.publish("d", b"after it")
        other.publish("late", b"late")
        await eventually(lambda: heard[-2:] == [b"after it", b"late"], "messages after the gap")
        late()


async def test_a_server_that_gave_messages_up_tells_the_others(
    bus_proxy: tuple[ChaosProxy, str], open_bus: OpenBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bus_module, "QUEUE_MESSAGES", 100)
    proxy, url = bus_proxy
    other = BusDoorbell(await open_bus())
    heard: list[bytes] = []
    gaps: list[None] = []
    await other.listen("d", heard.append)
    other.on_gap(lambda: gaps.append(None))
    async with buses(url) as opened:
        bus = await opened()
        proxy.cut()
        await eventually(lambda: not bus.is_up, "notice of the cut")
        for number in range(1000):
            BusDoorbell(bus).publish("d", b"%d" % number)
        assert len(bus._queue) == 100
        proxy.heal()
        await eventually(lambda: len(heard) == 100, "the newest messages")
        await eventually(lambda: bool(gaps), "word of the gap")
    assert heard == [b"%d" % number for number in range(900, 1000)]
