"""How much of everything a load needs, against numbers that were worked out by hand."""

import math
from dataclasses import replace

import pytest

from mdreader.cloud import machines
from mdreader.cloud.figures import value
from mdreader.cloud.load import DAY, PEAK, Load
from mdreader.cloud.sizes import SIZES, PlanError, box_users, cell_users, choose, task_connections, team_users


def test_people_come_and_go_with_the_day() -> None:
    load = Load(1_000, 2)
    by_hour = [load.connected_at(hour) for hour in range(24)]
    assert math.isclose(sum(by_hour) / 24, load.connected_mean)
    assert load.connected_mean == pytest.approx(1_000 * 2 / 24)
    assert load.connected_peak == max(by_hour) == pytest.approx(1_000 * 2 / 24 * PEAK)
    assert load.connected_at(25) == load.connected_at(1)
    assert max(DAY) / (sum(DAY) / 24) == pytest.approx(PEAK)


def test_nobody_is_there_twice() -> None:
    assert Load(1_000, 24).connected_peak == 1_000


def test_a_load_is_what_its_habits_say() -> None:
    load = Load(1_000, 2)
    assert load.edits(100) == pytest.approx(100 * 0.1 * 2)
    assert load.requests(3_600) == pytest.approx(62)
    # 0.2 edits, 1/60 reads and 1/1800 writes a second, and being there.
    expected = 0.2 * 771 + 356 / 60 + 774 / 1800 + 2.5
    assert load.server_cpu(1, value("cpu_us_per_edit_together")) * 1e6 == pytest.approx(expected)
    edits = 0.2 * 3600 * 2 * 30.4 * 1000
    assert load.edits_per_month == pytest.approx(edits)
    assert load.out_gigabytes == pytest.approx((edits * 4 * 2 * 120 + 60 * 2 * 30.4e3 * 6e3 + 30.4e3 * 8e4) / 1e9)


def test_a_server_has_as_many_people_as_its_cpu_carries() -> None:
    load = Load(1_000, 2)
    small, large = machines.TASKS
    together = task_connections(load, small)
    assert load.server_cpu(together, value("cpu_us_per_edit_together")) <= 0.25 * 0.7
    assert load.server_cpu(together + 50, value("cpu_us_per_edit_together")) > 0.25 * 0.7
    assert task_connections(load, small, alone=True) > together
    # Twice the CPU would carry more than was ever measured on one server.
    assert task_connections(load, large) == value("most_connections_measured")
    assert load.server_megabytes(together) < small.megabytes * machines.MEMORY_USE


@pytest.mark.parametrize(
    ("users", "size"), [(1, "box"), (1_000, "box"), (10_000, "team"), (45_000, "team"), (150_000, "planet")]
)
def test_the_smallest_size_that_carries_it_is_chosen(users: int, size: str) -> None:
    plan = choose(Load(users, 2), "us-east-1")
    assert plan.size == size
    if size == "box":
        assert plan.why == "The smallest size carries it."
    else:
        smaller = SIZES[: SIZES.index(plan.size)]
        assert all(f"{name} carries" in plan.why for name in smaller)


def test_what_is_too_small_says_how_much_it_carries_and_what_to_take() -> None:
    with pytest.raises(
        PlanError, match=r"box carries 7,\d\d\d users at 2 hours a day, not 10,000: .* Take --size team"
    ):
        choose(Load(10_000, 2), "us-east-1", "box")
    with pytest.raises(PlanError, match=r"team carries .* not 1,000,000: 10 servers are busy. Take --size planet"):
        choose(Load(1_000_000, 2), "us-east-1", "team")


@pytest.mark.parametrize("hours", [0.5, 2, 8, 24])
def test_a_size_carries_exactly_what_it_says(hours: float) -> None:
    load = Load(1, hours)
    most = int(min(box_users(load).values()))
    assert choose(replace(load, users=most), "us-east-1", "box").size == "box"
    with pytest.raises(PlanError):
        choose(replace(load, users=most + 1), "us-east-1", "box")
    most = int(min(team_users(load).values()) * 0.99)
    assert choose(replace(load, users=most), "us-east-1", "team").size == "team"


@pytest.mark.parametrize("users", [100_000, 1_000_000, 30_000_000, 1_000_000_000])
def test_cells_share_the_people_and_none_has_too_many(users: int) -> None:
    load = Load(users, 2)
    plan = choose(load, "us-east-1", "planet")
    assert plan.cells * plan.cell.users >= users
    assert plan.cell.users <= cell_users(load)
    tasks, aurora = plan.machinery.tasks, plan.machinery.aurora
    assert tasks is not None
    assert aurora is not None
    assert 2 <= tasks.minimum <= tasks.mean <= tasks.peak <= tasks.maximum <= machines.PLANET_TASKS
    assert machines.ACU_MIN <= aurora.minimum <= aurora.mean <= aurora.maximum <= machines.ACU_MAX


@pytest.mark.parametrize("users", [100, 2_000, 7_000, 15_000, 30_000, 48_000])
def test_nothing_in_team_is_used_up(users: int) -> None:
    plan = choose(Load(users, 2), "us-east-1", "team")
    found = plan.machinery
    assert found.tasks is not None
    assert found.database is not None
    assert found.tasks.maximum <= 10
    alone = found.tasks.peak == 1
    bears = found.tasks.peak * task_connections(plan.load, found.tasks.size, alone=alone)
    assert bears * machines.SCALE_AT >= plan.load.connected_peak * 0.999  # half of them may be lost
    assert found.connections <= found.database.connections * machines.CONNECTIONS_USE
    assert plan.load.database_cpu(plan.load.connected_peak) <= found.database.cpus * machines.USE
    assert plan.load.database_gigabytes < found.disk <= 100
