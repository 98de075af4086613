"""What plans cost, and that the tables under them are whole."""

import itertools
import re
from pathlib import Path

import pytest

from mdreader.cloud import costs, figures, page
from mdreader.cloud.costs import Bill, bill, stepped
from mdreader.cloud.ladder import RUNGS, climb, limits
from mdreader.cloud.load import Load
from mdreader.cloud.sizes import Options, Size, choose

ROOT = Path(__file__).parents[2]


def of(users: int, size: Size, region: str = "us-east-1", **options: object) -> Bill:
    return bill(choose(Load(users, 2), region, size, Options(**options)))  # type: ignore[arg-type]


def item(found: Bill, name: str) -> float:
    return sum(one.dollars for one in found.items if one.name == name)


def test_the_box_costs_what_its_parts_cost() -> None:
    found = of(100, "box")
    # t4g.small, 16 and 20 GB of gp3, 3 GB of snapshots, an address, a zone, 400 mails
    assert found.total == pytest.approx(0.0168 * 730 + 36 * 0.08 + 3.075 * 0.05 + 0.005 * 730 + 0.5 + 0.04, abs=0.01)
    assert 17 < found.total < 20


def test_the_smallest_team() -> None:
    found = of(100, "team")
    assert item(found, "Fargate") == pytest.approx(730 * (0.25 * 0.03238 + 0.5 * 0.00356))
    assert item(found, "Load balancer") == pytest.approx(16.425)
    assert item(found, "Public addresses") == pytest.approx(3 * 3.65)
    assert item(found, "RDS") == pytest.approx(11.68)
    assert item(found, "CloudFront, traffic") == 0  # the first TB of a month is free


def test_a_second_zone_doubles_the_database_and_private_tasks_need_a_way_out() -> None:
    plain, safe = of(1_000, "team"), of(1_000, "team", multi_az=True, nat="gateway")
    for name in ("RDS", "RDS, storage"):
        assert item(safe, name) == pytest.approx(2 * item(plain, name))
    assert item(plain, "NAT gateway") == 0
    assert item(safe, "NAT gateway") == pytest.approx(32.85 + 3.65 + 0.045 * 2.5, abs=0.05)
    assert item(safe, "Public addresses") == pytest.approx(item(plain, "Public addresses") - 3.65)
    assert item(of(1_000, "team", nat="endpoints"), "Interface endpoints") > 100


def test_cognito_asks_for_those_beyond_ten_thousand() -> None:
    assert item(of(9_000, "team", accounts="essentials"), "Cognito") == 0
    assert item(of(20_000, "team", accounts="essentials"), "Cognito") == pytest.approx(150)
    assert item(of(20_000, "team", accounts="lite"), "Cognito") == pytest.approx(55)
    assert item(of(20_000, "team"), "Cognito") == 0


def test_regions_have_their_own_prices() -> None:
    here, there = of(1_000, "team"), of(1_000, "team", "ap-southeast-1")
    assert item(there, "RDS") == pytest.approx(item(here, "RDS") * 1.262)
    assert item(there, "Fargate") == pytest.approx(item(here, "Fargate") * 1.249)
    assert item(there, "WAF") == item(here, "WAF")


def test_each_part_of_an_amount_has_the_price_of_its_step() -> None:
    steps = ((0, 1.0), (10, 0.5), (100, 0.1))
    assert stepped(steps, 0) == 0
    assert stepped(steps, 10) == 10
    assert stepped(steps, 30) == 20
    assert stepped(steps, 200) == 10 + 45 + 10


def test_cells_multiply_what_each_has_and_share_the_rest() -> None:
    few, many = of(400_000, "planet"), of(4_000_000, "planet")
    ratio = choose(Load(4_000_000, 2), "us-east-1", "planet").cells
    assert item(many, "Load balancer") == pytest.approx(ratio * item(few, "Load balancer"))
    assert item(many, "Route 53") == item(few, "Route 53")
    # Traffic grows with the people, and is cheaper by the GB.
    assert (
        item(few, "CloudFront, traffic") * 5
        < item(many, "CloudFront, traffic")
        < item(few, "CloudFront, traffic") * 10.5
    )


@pytest.mark.parametrize("size", ["team", "planet"])
def test_more_people_never_cost_less(size: Size) -> None:
    totals = [of(users, size).total for users in (10, 100, 1_000, 5_000, 20_000, 30_000, 45_000)]
    assert totals == sorted(totals)


def test_every_price_has_a_source_and_is_asked_for() -> None:
    table = figures.prices()
    source = "".join(file.read_text() for file in Path(costs.__file__).parent.glob("*.py"))
    for name, price in table.items.items():
        assert price.source in table.sources, name
        assert price.scales in {"flat", "compute", "fargate"}, name
        assert price.price > 0
        # A name is written out, or made of parts.
        stem = re.sub(r"_(optimized|lite|essentials)$", "", name)
        assert stem in source, f"nothing asks for the price {name}"
    assert all(region.edge in table.edges for region in table.regions.values())
    assert table.regions["us-east-1"].compute == table.regions["us-east-1"].fargate == 1


def test_every_figure_names_a_command_that_is_there() -> None:
    for name, figure in figures.measured().items():
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", figure.date), name
        for word in figure.command.split():
            if "/" in word or word.endswith(".py"):
                assert (ROOT / word.rstrip(":")).exists(), f"{name}: {word}"
    assert {"get", "put"} <= {one.command.rpartition("=")[2] for one in figures.measured().values()}


def test_the_ladder_climbs_to_a_billion() -> None:
    rungs = climb(2, "us-east-1")
    assert [rung.users for rung in rungs] == list(RUNGS)
    assert rungs[-1].users == 10**9
    known = limits(2)
    assert [one.users for one in known] == sorted(one.users for one in known)
    assert all(one.lever and one.what for one in known)
    # Each limit is met on one rung: the one that first has more users than it bears.
    met = [one for rung in rungs for one in rung.met]
    assert met == [one for one in known if one.users <= 10**9]
    for below, rung in itertools.pairwise(rungs):
        assert rung.met, f"nothing is met on the way to {rung.users:,}"
        assert all(below.users < one.users <= rung.users for one in rung.met)
        assert rung.dollars > below.dollars


def test_more_hours_meet_limits_sooner() -> None:
    def at(hours: float) -> dict[str, int]:
        return {one.what: one.users for one in limits(hours) if "Cognito" not in one.what}

    two, eight = at(2), at(8)
    shared = {name for name in two if name in eight and "disk" not in name and "full" not in name}
    assert shared
    assert all(eight[name] < two[name] for name in shared)


def test_the_pages_show_what_is_computed() -> None:
    tables = []
    for name in ("costs.md", "scale.md"):
        text = (ROOT / "docs" / name).read_text("utf-8")
        assert page.renewed(text, leave=page.SLOW) == text, "python scripts/costs_page.py"
        tables += re.findall(r"<!-- table: (\w+) -->", text)
    assert sorted(tables) == sorted(page.TABLES)
