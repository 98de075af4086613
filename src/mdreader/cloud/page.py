"""The tables of docs/costs.md and docs/scale.md, as Markdown, each between two marks; a test holds the pages to what is made here."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from mdreader.cloud.costs import Bill, bill
from mdreader.cloud.figures import measured, prices
from mdreader.cloud.ladder import climb
from mdreader.cloud.load import Load
from mdreader.cloud.simulate import SCENARIOS, WAYS, Scenario, set_up, simulate
from mdreader.cloud.sizes import Options, Plan, Size, choose
from mdreader.cloud.splits import simulate as grow

REGION: Final = "us-east-1"
HOURS: Final = 2.0
_SAFE: Final = Options(multi_az=True, nat="gateway")
_SCENARIOS: Final[tuple[tuple[str, int, Size, Options], ...]] = (
    ("box, 100 users", 100, "box", Options()),
    ("box, 1,000", 1_000, "box", Options()),
    ("team, 100", 100, "team", Options()),
    ("team, 1,000", 1_000, "team", Options()),
    ("team, 1,000, Multi-AZ and NAT", 1_000, "team", _SAFE),
    ("team, 20,000", 20_000, "team", Options()),
    ("planet, 1,000", 1_000, "planet", Options()),
    ("planet, 100,000", 100_000, "planet", Options()),
)
_MARKED: Final = re.compile(r"(<!-- table: ([a-z]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def renewed(page: str, *, leave: frozenset[str] = frozenset()) -> str:
    """The page with each of its tables as it is now, but those to `leave`. KeyError for a mark that names none."""

    def now(found: re.Match[str]) -> str:
        name = found[2]
        return found[0] if name in leave else f"{found[1]}\n{TABLES[name]()}\n{found[3]}"

    return _MARKED.sub(now, page)


def _plan(users: int, size: Size | None, options: Options | None = None, region: str = REGION) -> Plan:
    return choose(Load(users, HOURS), region, size, options)


def _markdown(head: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[int] = ()) -> str:
    rule = ["--:" if number in right else "---" for number in range(len(head))]
    return "".join(f"| {' | '.join(row)} |\n" for row in (head, rule, *rows))


def _money(dollars: float) -> str:
    return f"{dollars:,.2f}" if dollars < 1000 else f"{dollars:,.0f}"  # noqa: PLR2004 - cents of hundreds, dollars of thousands


def sizes() -> str:
    """Every item of every scenario."""
    bills: list[Bill] = [bill(_plan(users, size, options)) for _, users, size, options in _SCENARIOS]
    names = list(dict.fromkeys(item.name for one in bills for item in one.items))
    rows = []
    for name in names:
        found = [next((item.dollars for item in one.items if item.name == name), None) for one in bills]
        rows.append([name, *("" if dollars is None else _money(dollars) for dollars in found)])
    rows.append(["**all**", *(f"**{_money(one.total)}**" for one in bills)])
    return _markdown(["", *(name for name, *_ in _SCENARIOS)], rows, right=range(1, len(bills) + 1))


@dataclass(frozen=True, slots=True)
class Claim:
    """What the plan of the beginning said: dollars a month, and the scenarios that it can have meant."""

    text: str
    dollars: tuple[float, float]
    of: tuple[tuple[str, int, Size, Options], ...]
    why: str


_SMALL: Final = ("team with 100", 100, "team", Options())
_CLAIMS: Final[tuple[Claim, ...]] = (
    Claim(
        "$21-50 a month",
        (21, 50),
        (("box with 100", 100, "box", Options()), ("box with 1,000", 1_000, "box", Options()), _SMALL),
        "Load balancer, its addresses and a database of its own are more than that before anybody comes.",
    ),
    Claim(
        "$29-88 with collaboration",
        (29, 88),
        (_SMALL, ("team with 1,000", 1_000, "team", Options()), ("with 100, Multi-AZ and NAT", 100, "team", _SAFE)),
        "Live editing adds next to nothing; a second database and a NAT gateway do.",
    ),
    Claim(
        "$43-108 after the free tier",
        (43, 108),
        (_SMALL, ("team with 1,000", 1_000, "team", Options()), ("with 100, Multi-AZ and NAT", 100, "team", _SAFE)),
        "There is no free tier to come after: what is left of it are credits.",
    ),
    Claim(
        "about $154 at 1,000 users",
        (0.9 * 154, 1.1 * 154),
        (
            ("box", 1_000, "box", Options()),
            ("team", 1_000, "team", Options()),
            ("team, Multi-AZ and NAT", 1_000, "team", _SAFE),
            ("team, Multi-AZ and endpoints", 1_000, "team", Options(multi_az=True, nat="endpoints")),
        ),
        "A thousand people need one server; what costs more is what one wants besides.",
    ),
)


def claims() -> str:
    """What was claimed, what is computed now, and for which of it the claim holds."""
    rows = []
    for claim in _CLAIMS:
        low, high = claim.dollars
        found = {name: bill(_plan(users, size, options)).total for name, users, size, options in claim.of}
        computed = "; ".join(f"{name}: ${dollars:,.0f}" for name, dollars in found.items())
        holds = [name for name, dollars in found.items() if low <= dollars <= high]
        fails = [
            f"{name} ({'less' if dollars < low else 'more'})" for name, dollars in found.items() if name not in holds
        ]
        rows.append([claim.text, computed, "; ".join(holds) or "nothing", "; ".join(fails) or "nothing", claim.why])
    return _markdown(["the plan's claim", "computed now", "holds for", "does not hold for", ""], rows)


def regions() -> str:
    """The same in every region that there are prices for."""
    shown: tuple[tuple[int, Size], ...] = ((1_000, "box"), (1_000, "team"), (100_000, "planet"))
    rows = []
    for region in sorted(prices().regions.values(), key=lambda one: one.id):
        found = [bill(_plan(users, size, region=region.id)).total for users, size in shown]
        rows.append([f"{region.id} ({region.name})", *map(_money, found)])
    head = ["region", "box, 1,000 users", "team, 1,000", "planet, 100,000"]
    return _markdown(head, rows, right=(1, 2, 3))


def ladder() -> str:
    """From a thousand to a billion."""
    rows = []
    for rung in climb(HOURS, REGION):
        cells = f", {rung.plan.cells:,} cells" if rung.plan.cells > 1 else ""
        met = [f"{limit.users:,}: {limit.what}. *{limit.lever[0].upper()}{limit.lever[1:]}.*" for limit in rung.met]
        row = [f"{rung.users:,}", f"{rung.plan.size}{cells}", f"{rung.dollars:,.0f}", f"{rung.dollars_per_user:.3f}"]
        rows.append([*row, "<br>".join(met) or "none"])
    head = [
        "users",
        "size",
        "$ a month",
        "$ a user",
        "limits met since the row above, the nearest first, and *the lever*",
    ]
    return _markdown(head, rows, right=(0, 2, 3))


def figures() -> str:
    """What was measured."""
    rows = [[one.what, f"{one.value:,g}", f"`{one.command}`", one.date] for one in measured().values()]
    return _markdown(["figure", "", "measured by", "on"], rows, right=(1,))


def unconfirmed() -> str:
    """The prices that were found in no price list and on no page of AWS's."""
    rows = [[f"`{name}`", f"{one.price:g}", one.unit] for name, one in prices().items.items() if one.source == "guides"]
    return _markdown(["price", "$", "a"], rows, right=(1,))


def sources() -> str:
    """Where prices were read, and how many."""
    table = prices()
    rows = []
    for name, text in table.sources.items():
        count = sum(one.source == name for one in table.items.values())
        rows.append([text, str(count)])
    return _markdown(["source", "prices"], rows, right=(1,))


# ---- docs/scale.md ----

SEED: Final = 1
DAY_USERS: Final = 20_000
CELL_CAPACITIES: Final = (500, 5_000)


def day_row(scenario: Scenario, way: str) -> list[str]:
    """One simulated day of `DAY_USERS` people in team."""
    plan = _plan(DAY_USERS, "team")
    tasks = plan.machinery.tasks
    assert tasks is not None  # noqa: S101 - team has servers
    came = simulate(plan.cell, set_up(tasks, way), scenario, SEED)
    settled = "" if came.settled_after is None else f"{came.settled_after:,}"
    return [
        scenario.name,
        way,
        f"{came.mean_servers:.1f}",
        str(came.most_servers),
        f"{came.most_connections:,}",
        f"{came.late_seconds:,}",
        f"{came.worst_delay:.0f}",
        settled,
        str(came.given_up),
    ]


def days() -> str:
    """Every scenario in every way; half a minute of CPU."""
    rows = [day_row(scenario, way) for way in WAYS for scenario in SCENARIOS]
    head = [
        "what happens",
        "scaling",
        "servers, mean",
        "most",
        "most people on one",
        "late, s",
        "worst delay, s",
        "settled after, s",
        "servers given up",
    ]
    return _markdown(head, rows, right=range(2, 9))


def splits() -> str:
    """Three years of cells of several capacities."""
    rows = []
    for capacity in CELL_CAPACITIES:
        came = grow(capacity, capacity * 2 // 5, SEED)
        later = sum(came.hops[2:])
        rows.append(
            [
                f"{capacity:,}",
                f"{came.people:,} in {came.workspaces:,}",
                f"{came.cells} ({came.needed})",
                "yes" if came.served_once else "**no**",
                str(came.unreachable),
                f"{100 * came.hops[0]:.1f} %, {100 * came.hops[1]:.1f} %, {100 * later:.1f} %",
                f"{100 * came.moved_people / came.people:.0f} %",
                f"{came.largest:,}",
                str(came.too_large),
            ]
        )
    head = [
        "a cell's capacity",
        "people in workspaces",
        "cells (needed at least)",
        "each served by one cell",
        "links that led nowhere",
        "old links: at once, by one redirect, by more",
        "people who had to sign in anew",
        "largest workspace",
        "larger than a cell",
    ]
    return _markdown(head, rows, right=(0,))


TABLES: Final[dict[str, Callable[[], str]]] = {
    "sizes": sizes,
    "claims": claims,
    "regions": regions,
    "ladder": ladder,
    "figures": figures,
    "unconfirmed": unconfirmed,
    "sources": sources,
    "days": days,
    "splits": splits,
}
# Seconds of CPU: a test makes single rows of these.
SLOW: Final = frozenset({"days"})
