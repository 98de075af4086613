"""What every adapter of `ports.fanout` does."""

from collections.abc import Callable

import pytest

from mdreader.adapters.fanout_local import LocalFanout
from mdreader.kernel.events import DocumentsRemoved, Event
from mdreader.ports.fanout import Fanout

EVENT = DocumentsRemoved(("0190",))


@pytest.fixture(params=[LocalFanout])
def fanout(request: pytest.FixtureRequest) -> Fanout:
    make: Callable[[], Fanout] = request.param
    return make()


def test_every_subscriber_hears_in_the_order_of_publishing(fanout: Fanout) -> None:
    first: list[Event] = []
    second: list[Event] = []
    fanout.subscribe(first.append)
    fanout.subscribe(second.append)
    other = DocumentsRemoved(("0191",))
    fanout.publish(EVENT)
    fanout.publish(other)
    assert first == second == [EVENT, other]


def test_nothing_is_heard_after_the_end_which_may_come_twice(fanout: Fanout) -> None:
    heard: list[Event] = []
    end = fanout.subscribe(heard.append)
    end()
    end()
    fanout.publish(EVENT)
    assert heard == []


def test_one_that_fails_does_not_keep_it_from_the_others(fanout: Fanout) -> None:
    heard: list[Event] = []

    def fail(_event: Event) -> None:
        raise RuntimeError("a subscriber's own mistake")

    fanout.subscribe(fail)
    fanout.subscribe(heard.append)
    fanout.publish(EVENT)
    assert heard == [EVENT]


def test_a_subscriber_may_end_itself_while_it_hears(fanout: Fanout) -> None:
    heard: list[Event] = []

    def once(event: Event) -> None:
        heard.append(event)
        end()

    end = fanout.subscribe(once)
    fanout.subscribe(heard.append)
    fanout.publish(EVENT)
    fanout.publish(EVENT)
    assert heard == [EVENT, EVENT, EVENT]
