"""Simulated days and years: what must hold in them, and that docs/scale.md shows what comes of them."""

from dataclasses import replace
from pathlib import Path

import pytest

from mdreader.cloud import page, splits
from mdreader.cloud.load import Load
from mdreader.cloud.simulate import SCENARIOS, WAYS, Outcome, Scenario, set_up, simulate
from mdreader.cloud.sizes import Tasks, choose
from mdreader.kernel.cells import Cells

LOAD = Load(20_000, 2)
ORDINARY, LOST = SCENARIOS[0], SCENARIOS[2]
PAGE = (Path(__file__).parents[2] / "docs" / "scale.md").read_text("utf-8")


def planned() -> Tasks:
    tasks = choose(LOAD, "us-east-1", "team").machinery.tasks
    assert tasks is not None
    return tasks


def day(scenario: Scenario, tasks: Tasks | None = None, seed: int = 1) -> Outcome:
    return simulate(LOAD, tasks or planned(), scenario, seed)


def test_an_ordinary_day_goes_by_unnoticed() -> None:
    came, tasks = day(ORDINARY), planned()
    assert came.late_seconds == came.given_up == 0
    assert tasks.minimum <= came.mean_servers <= came.most_servers <= tasks.maximum
    # The plan's bill is for as many as there are.
    assert came.mean_servers == pytest.approx(tasks.mean, rel=0.25)
    assert came == day(ORDINARY)
    assert came != day(ORDINARY, seed=2)


def test_half_of_the_servers_may_be_lost_as_planned_and_not_without_room() -> None:
    as_planned = day(LOST)
    assert (as_planned.late_seconds, as_planned.given_up) == (0, 0)
    full = day(LOST, set_up(planned(), "scaling at what a server bears"))
    assert full.late_seconds > 0
    assert full.given_up > 0
    assert full.settled_after is not None


def test_the_page_says_what_room_costs() -> None:
    mean = {way: day(ORDINARY, set_up(planned(), way)).mean_servers for way in WAYS[:2]}
    more = mean[WAYS[0]] - mean[WAYS[1]]
    one = 730 * (0.25 * 0.03238 + 0.5 * 0.00356 + 0.005)
    assert f"That costs {more:.1f} more servers in the mean, about ${more * one:.0f} a month" in PAGE


def test_what_scaling_cannot_follow_is_shown() -> None:
    rush = next(one for one in SCENARIOS if one.rush_minutes == 2)
    assert day(rush).late_seconds > 0
    assert day(rush, set_up(planned(), "half of the peak always there")).late_seconds == 0


def test_too_few_servers_are_late_all_day() -> None:
    few = replace(planned(), minimum=1, maximum=1)
    assert day(ORDINARY, few).given_up > 10


@pytest.mark.parametrize(("number", "way"), [(2, WAYS[1]), (5, WAYS[0])])
def test_the_page_shows_the_days(number: int, way: str) -> None:
    assert f"| {' | '.join(page.day_row(SCENARIOS[number], way))} |\n" in PAGE


@pytest.mark.parametrize("seed", range(5))
def test_every_workspace_is_served_by_exactly_one_cell(seed: int) -> None:
    came = splits.simulate(2_000, 800, seed)
    assert came.cells > 20
    assert came.served_once
    assert came.unreachable == 0
    assert sum(came.hops) == pytest.approx(1)
    assert came.hops[0] > 0.5
    assert came.cells >= came.needed


def test_the_rule_is_that_of_the_servers() -> None:
    addresses = {"c1": "https://one.example.org", "c2": "https://two.example.org"}
    first, second = Cells("c1", addresses), Cells("c2", addresses)
    table: dict[int, str | None] = {1: None, 2: "c2"}
    copies = (splits.Cell("c1", table), first), (splits.Cell("c2", dict(table)), second)
    for cell, cells in copies:
        assert [splits.serves(cell, cells, one) for one in (1, 2, 3)] == ["c1", "c2", None]
