"""What every adapter of `ports.fanout` does."""

from collections.abc import AsyncIterator

import pytest

from mdreader.adapters import bus
from mdreader.adapters.fanout_bus import CHANNEL, BusFanout
from mdreader.adapters.fanout_local import LocalFanout
from mdreader.kernel.events import (
    DocumentsRemoved,
    Event,
    EventsMissed,
    MembershipChanged,
    ProfileChanged,
    SessionEnded,
    WorkspaceRemoved,
)
from mdreader.ports.fanout import Fanout
from support.buses import OpenBus, buses
from support.chaos import ChaosProxy
from support.redis import RedisServer
from support.waiting import eventually

EVENT = DocumentsRemoved(("0190",))
EVENTS: tuple[Event, ...] = (
    SessionEnded(("s1", "s2"), ("k",)),
    MembershipChanged("w", "u"),
    DocumentsRemoved(("d1", "d2")),
    WorkspaceRemoved("w"),
    ProfileChanged("u", "Zoë 🙂"),
)


@pytest.fixture(params=["local", "redis", "postgres"])
async def fanout(request: pytest.FixtureRequest, redis_server: RedisServer, postgres_url: str) -> AsyncIterator[Fanout]:
    if request.param == "local":
        yield LocalFanout()
        return
    async with buses(redis_server.new_url() if request.param == "redis" else postgres_url) as opened:
        async with BusFanout(await opened()).running() as made:
            yield made


async def test_every_subscriber_hears_in_the_order_of_publishing(fanout: Fanout) -> None:
    first: list[Event] = []
    second: list[Event] = []
    fanout.subscribe(first.append)
    fanout.subscribe(second.append)
    other = DocumentsRemoved(("0191",))
    fanout.publish(EVENT)
    fanout.publish(other)
    assert first == second == [EVENT, other]


async def test_nothing_is_heard_after_the_end_which_may_come_twice(fanout: Fanout) -> None:
    heard: list[Event] = []
    end = fanout.subscribe(heard.append)
    end()
    end()
    fanout.publish(EVENT)
    assert heard == []


async def test_one_that_fails_does_not_keep_it_from_the_others(fanout: Fanout) -> None:
    heard: list[Event] = []

    def fail(_event: Event) -> None:
        raise RuntimeError("a subscriber's own mistake")

    fanout.subscribe(fail)
    fanout.subscribe(heard.append)
    fanout.publish(EVENT)
    assert heard == [EVENT]


async def test_a_subscriber_may_end_itself_while_it_hears(fanout: Fanout) -> None:
    heard: list[Event] = []

    def once(event: Event) -> None:
        heard.append(event)
        end()

    end = fanout.subscribe(once)
    fanout.subscribe(heard.append)
    fanout.publish(EVENT)
    fanout.publish(EVENT)
    assert heard == [EVENT, EVENT, EVENT]


async def test_other_servers_hear_every_event_once_and_in_order(open_bus: OpenBus) -> None:
    here: list[Event] = []
    there: list[Event] = []
    async with BusFanout(await open_bus()).running() as one, BusFanout(await open_bus()).running() as other:
        one.subscribe(here.append)
        other.subscribe(there.append)
        for event in EVENTS:
            one.publish(event)
        await eventually(lambda: len(there) == len(EVENTS), "events on the other server")
        other.publish(EVENT)  # what came back to its own server would have come before this
        await eventually(lambda: EVENT in here, "the other's event")
    assert there == [*EVENTS, EVENT]
    assert here == [*EVENTS, EVENT]


async def test_an_event_of_a_newer_version_is_left(open_bus: OpenBus) -> None:
    heard: list[Event] = []
    async with BusFanout(await open_bus()).running() as one:
        newer = await open_bus()
        one.subscribe(heard.append)
        newer.publish(CHANNEL, b'{"kind":"PlanetMoved","to":"Mars"}')
        newer.publish(CHANNEL, b'{"kind":"ProfileChanged","user_id":"u","name":"Zo","pronoun":"she"}')
        await eventually(lambda: bool(heard), "an event")
    assert heard == [ProfileChanged("u", "Zo")]


async def test_after_a_cut_subscribers_are_told_and_what_was_published_meanwhile_arrives(
    bus_proxy: tuple[ChaosProxy, str], open_bus: OpenBus
) -> None:
    proxy, url = bus_proxy
    here: list[Event] = []
    there: list[Event] = []
    async with buses(url) as opened, BusFanout(await opened()).running() as cut:
        async with BusFanout(await open_bus()).running() as other:
            cut.subscribe(here.append)
            other.subscribe(there.append)
            proxy.cut()
            other.publish(EVENT)  # nobody is there to hear it
            cut.publish(EVENTS[0])
            assert here == [EVENTS[0]]
            proxy.heal()
            await eventually(lambda: EventsMissed() in here, "word of the gap")
            await eventually(lambda: EVENTS[0] in there, "what was published while the link was down")
            other.publish(EVENTS[1])
            await eventually(lambda: EVENTS[1] in here, "an event after the cut")


async def test_it_begins_without_a_link_and_says_so_when_it_comes(
    bus_proxy: tuple[ChaosProxy, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bus, "FIRST_SECONDS", 0.2)
    proxy, url = bus_proxy
    proxy.cut()
    heard: list[Event] = []
    async with buses(url) as opened, BusFanout(await opened()).running() as fanout:
        fanout.subscribe(heard.append)
        proxy.heal()
        await eventually(lambda: heard == [EventsMissed()], "word of the gap")
