"""A person's messages take a slice of the loop's time, then wait until it is paid for."""

from time import perf_counter, thread_time

import pytest

from mdreader.features.collab.budget import AROUND, SHARE, SLICE, SUSPICION, Budget


def suspected(now: float) -> Budget:
    """Somebody whose messages took long, by the clock on the wall."""
    budget = Budget()
    assert budget.spend(1.0, now) == 0.0
    assert budget.clock is thread_time
    return budget


def test_what_a_person_types_never_waits_and_is_measured_cheaply() -> None:
    budget = Budget()
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
    budget, now, worked, longest = Budget(), 0.0, 0.0, 0.0
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
