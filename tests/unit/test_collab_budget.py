"""A person's messages take a slice of the loop's time, then wait until it is paid for."""

from time import perf_counter, thread_time

import pytest

from mdreader.features.collab.budget import (
    AROUND,
    CROWD_SHARE,
    CROWD_SLICE,
    PROBATION,
    SHARE,
    SLICE,
    SUSPICION,
    Budget,
    Crowd,
)


def suspected(now: float, crowd: Crowd | None = None) -> Budget:
    """Somebody whose messages took long, by the clock on the wall."""
    budget = Budget(crowd or Crowd())
    assert budget.spend(1.0, now) == 0.0
    assert budget.clock is thread_time
    return budget


def test_what_a_person_types_never_waits_and_is_measured_cheaply() -> None:
    budget = Budget(Crowd())
    for now in range(1000):
        assert budget.spend(0.0002, now / 20) == 0.0
        assert budget.clock is perf_counter


def test_what_the_machine_did_meanwhile_counts_for_nothing() -> None:
    budget = suspected(1.0)
    assert budget.spend(0.0001, 1.0) == 0.0
    assert budget.wait(1.0) == 0.0
    budget.spend(0.0001, 1.1)
    assert budget.clock is thread_time
    budget.spend(0.0001, 2.2)
    assert budget.clock is perf_counter


def test_a_slice_at_a_time_and_no_more_than_its_share() -> None:
    budget, now, worked, longest = Budget(Crowd()), 0.0, 0.0, 0.0
    while now < 10.0:
        stretch, wait = 0.0, budget.wait(now)
        while not wait:
            now += 0.0001
            stretch += 0.0001
            wait = budget.spend(0.0001, now)
        worked, longest = worked + stretch, max(longest, stretch)
        now += wait
    assert longest <= (SLICE + SUSPICION) / (1 - SHARE) + 0.0002
    assert worked / now == pytest.approx(SHARE, rel=0.1)


def test_messages_that_take_no_time_are_no_messages_for_free() -> None:
    budget = suspected(1.0)
    count = 0
    while not budget.spend(0.0, 1.0):
        count += 1
    assert count == pytest.approx(SLICE / AROUND, abs=1)


def test_others_of_the_same_person_wait_too() -> None:
    budget = suspected(1.0)
    assert budget.spend(0.02, 1.0) == pytest.approx(0.08, rel=0.001)
    assert budget.wait(1.04) == pytest.approx(0.04, rel=0.001)
    assert budget.wait(1.09) == 0.0


def test_many_who_send_much_wait_for_each_other() -> None:
    crowd = Crowd()
    people = [Budget(crowd) for _ in range(50)]

    def worked(now: float) -> float:
        seconds = 0.0
        for budget in people:
            while not budget.wait(now) and not budget.spend(0.0001, now):
                seconds += 0.0001
        return seconds

    assert worked(1.0) <= CROWD_SLICE + len(people) * (SUSPICION + 0.0003)
    longest = [worked(1.0 + step / 100) for step in range(1, 1001)]
    assert max(longest) <= CROWD_SLICE + 0.0002
    assert sum(longest) / 10 == pytest.approx(CROWD_SHARE, rel=0.1)


def test_those_who_only_type_wait_for_no_crowd() -> None:
    crowd = Crowd()
    for _ in range(50):
        suspected(1.0, crowd).spend(0.004, 1.0)
    assert crowd.wait(1.0) > 0.0
    typist = Budget(crowd)
    assert typist.spend(0.0002, 1.0) == typist.wait(1.0) == 0.0


def test_who_types_on_is_not_suspected_for_long() -> None:
    budget, now = suspected(1.0), 1.0
    while budget.clock is thread_time:
        now += 0.1
        assert budget.spend(0.0001, now) == 0.0
    assert now == pytest.approx(1.0 + PROBATION, abs=0.11)


def test_who_uses_more_than_a_typist_stays_suspected() -> None:
    budget, now = suspected(1.0), 1.0
    for _ in range(100):
        now += 0.1
        budget.spend(0.001, now)
        assert budget.clock is thread_time
