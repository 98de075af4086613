"""What plans cost, and that the tables under them are whole."""

import itertools
import re
from dataclasses import replace
from pathlib import Path

import pytest

from mdreader.adapters.metrics_emf import ESSENTIAL
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


# AWS's price list for eu-west-2, October 2026: what is there of the things that regions have prices of their own for.
LONDON = {
    "fargate_vcpu": 0.03725,
    "fargate_gb": 0.00409,
    "alb": 0.02646,
    "alb_lcu": 0.0084,
    "nat": 0.05,
    "nat_gb": 0.05,
    "endpoint": 0.011,
    "db.t4g.micro": 0.018,
    "db.t4g.small": 0.036,
    "rds_gp3": 0.133,
    "aurora_acu": 0.14,
    "aurora_acu_optimized": 0.19,
    "aurora_gb": 0.10,
    "aurora_io": 0.20,
    "proxy_acu": 0.018,
    "logs_gb": 0.5985,
    "logs_kept_gb": 0.0315,
    "s3_gb": 0.024,
    "s3_put": 0.0053,
}


@pytest.mark.parametrize(("users", "size"), [(1_000, "team"), (20_000, "team"), (100_000, "planet")])
def test_a_region_costs_about_what_its_own_list_says(users: int, size: Size, monkeypatch: pytest.MonkeyPatch) -> None:
    table = figures.prices()
    reckoned = of(users, size, "eu-west-2").total
    listed = {name: replace(table.items[name], price=price, scales="flat") for name, price in LONDON.items()}
    monkeypatch.setattr(costs, "prices", lambda: replace(table, items=table.items | listed))
    assert 0 < of(users, size, "eu-west-2").total / reckoned - 1 < 0.03


def test_what_a_planet_has_besides() -> None:
    found = of(100_000, "planet")
    assert item(found, "Keys") == 2
    assert item(found, "Interface endpoints") == pytest.approx(3 * 0.01 * 730)
    # 100,000 people in 2 hours a day: 4.4 billion edits of 582 bytes, 53 % of them a write of its own; 50 GB of rows.
    edits = 100_000 * 2 * 30.4 * 3600 * 0.2
    copied = edits * 0.53 / 1e6 * 0.2 + 50 * 0.1 + edits * 582 / 1e9 * 0.02
    assert item(found, "Aurora, copy in another region") == pytest.approx(copied)
    assert item(found, "S3, copy in another region") == pytest.approx(
        item(found, "S3") + item(found, "S3, requests") + 2_000 / 12 * 0.02
    )
    requests = 62 * 2 * 30.4 * 100_000 / 1e6
    assert item(found, "CloudFront, function") == pytest.approx((requests - 2) * 0.13)
    assert item(of(100_000, "planet", "eu-central-1"), "CloudFront, requests") == pytest.approx(
        1.2 * item(found, "CloudFront, requests")
    )


def test_alarms_of_workers_are_there_where_workers_are() -> None:
    assert item(of(20_000, "team"), "Alarms") - item(of(1_000, "team"), "Alarms") == pytest.approx(4 * 0.1)
    assert len(ESSENTIAL) == costs.METRICS


def test_what_is_said_of_claims_follows_from_the_sums(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "| $29-88 with collaboration | team with 100: $" in page.claims()
    before = next(line for line in page.claims().splitlines() if "$29-88" in line).split(" | ")
    assert before[2:4] == ["team with 100; team with 1,000", "with 100, Multi-AZ and NAT (more)"]
    table = figures.prices()
    dear = {"alb": replace(table.items["alb"], price=1.0)}
    monkeypatch.setattr(costs, "prices", lambda: replace(table, items=table.items | dear))
    after = next(line for line in page.claims().splitlines() if "$29-88" in line).split(" | ")
    assert after[2] == "nothing"
    assert after[3].count("(more)") == 3


def test_the_way_to_deploy_names_what_is_computed() -> None:
    text = (ROOT / "docs" / "deploy.md").read_text("utf-8")
    assert f"| about ${of(100, 'box').total:.0f} |" in text
    assert f"| from ${of(100, 'team').total:.0f} |" in text
    assert f"about ${of(100, 'box').total / 730:.3f} an hour" in text
    for size, users, addresses in (("team", 100, 1), ("planet", 1_000, 3)):
        found = of(users, size)  # type: ignore[arg-type]
        servers = item(found, "Fargate") + item(found, "Fargate, workers") + addresses * 3.65
        assert f"from here on about ${(found.total - servers) / 730:.3f} an hour" in text
        assert f"about ${found.total / 730:.3f} an hour |" in text


def test_the_credits_of_a_new_account_pay_for_less_than_three_months() -> None:
    assert 2 < 200 / of(100, "team").total < 3


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


# Where the results of docs/benchmarks.md have a figure (profiles are not among them), and what it is multiplied by to be the plan's.
C_ROW = r"### C: .*?^\| mdreader \| \d+ \|[^|]*\|[^|]*"
BENCHMARKS = {
    "cpu_us_per_read": (r"^\| get \| CPU us / request: [^|]*\| ([\d,]+)", 1),
    "cpu_us_per_write": (r"^\| put \| CPU us / request: [^|]*\| ([\d,]+)", 1),
    "cpu_us_per_edit_sqlite": (r"^\| B \| CPU s / 1k edits: [^|]*\|[^|]*\(([\d.]+) against", 1000),
    "cpu_us_per_delivery_crowd": (r"^\| A100 \| CPU s / 1M delivered: [^|]*\|[^|]*\(([\d.]+) against", 1),
    "megabytes_started": (C_ROW + r"\| (\d+) \|", 1),
    "cpu_us_per_connect": (C_ROW + r"\|[^|]*\|[^|]*\| ([\d.]+) \|", 1000),
    "cpu_us_per_connection_second": (C_ROW + r"\|[^|]*\|[^|]*\|[^|]*\| ([\d.]+) \|", 10_000 / 2_000),
    "most_connections_measured": (C_ROW + r"\|[^|]*\|[^|]*\|[^|]*\|[^|]*\| ([\d,]+) \|", 1),
}


def test_figures_are_those_of_the_benchmarks() -> None:
    text = (ROOT / "docs" / "benchmarks.md").read_text("utf-8")
    for name, (row, times) in BENCHMARKS.items():
        found = re.search(row, text, re.MULTILINE | re.DOTALL)
        assert found, f"docs/benchmarks.md has no {name} any more: {row}"
        # A machine with other work on it: a quarter is noise, more is another figure.
        assert float(found[1].replace(",", "")) * times == pytest.approx(figures.value(name), rel=0.25), name
    benched = {name for name, one in figures.measured().items() if one.command.startswith("make -C bench run")}
    assert benched == set(BENCHMARKS)


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
