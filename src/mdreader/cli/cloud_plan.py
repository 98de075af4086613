"""`mdreader cloud plan`: checks what was asked, computes, and shows it."""

import json
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from mdreader.cli.outcome import stop
from mdreader.cloud.costs import Bill, bill
from mdreader.cloud.figures import prices
from mdreader.cloud.ladder import Rung, climb
from mdreader.cloud.load import Load
from mdreader.cloud.sizes import Options, Plan, PlanError, Size, choose
from mdreader.cloud.tfvars import variables, written

HOURS_A_DAY = 24


def run(
    users: int | None,
    active_hours: float,
    region: str,
    *,
    size: Size | None,
    options: Options,
    out: Path | None,
    as_json: bool,
) -> int:
    """Plan, show, and write the file; the process's exit code."""
    if users is None or users < 1:
        return stop("--users is a number of people, 1 at least.")
    if (wrong := _wrong(active_hours, region)) is not None:
        return stop(wrong)
    try:
        plan = choose(Load(users, active_hours), region, size, options)
    except PlanError as error:
        return stop(str(error))
    if out is not None:
        try:
            out.write_text(written(plan), "utf-8")
        except OSError as error:
            return stop(f"{out} cannot be written: {error.strerror}. Name another file with --out.")
    if as_json:
        print(json.dumps(as_data(plan), indent=2))
    else:
        show(plan, bill(plan))
        if out is not None:
            print(
                f"\nTerraform's variables are in {out}: terraform -chdir=infra/environments/{plan.size} plan -var-file=..."
            )
    return 0


def run_ladder(active_hours: float, region: str, *, as_json: bool) -> int:
    """Show the way from a thousand people to a billion; the process's exit code."""
    if (wrong := _wrong(active_hours, region)) is not None:
        return stop(wrong)
    rungs = climb(active_hours, region)
    if as_json:
        print(json.dumps([_rung(rung) for rung in rungs], indent=2))
        return 0
    console = _console()
    for rung in rungs:
        cells = f", {rung.plan.cells:,} cells" if rung.plan.cells > 1 else ""
        each = f"${rung.dollars:,.0f} a month, ${rung.dollars_per_user:.3f} a user"
        console.print(f"{rung.users:>13,} users  {rung.plan.size}{cells}: {each}")
        for limit in rung.met:
            console.print(f"{'':>8}met at {limit.users:,}: {limit.what} -> {limit.lever}")
    return 0


def _wrong(active_hours: float, region: str) -> str | None:
    if not 0 < active_hours <= HOURS_A_DAY:
        return "--active-hours is more than 0 and at most 24."
    known = prices().regions
    if region not in known:
        return f"There are no prices for {region}. Known: {', '.join(sorted(known))}."
    return None


# ---- for people ----


def show(plan: Plan, found: Bill) -> None:
    """Print a plan and its bill."""
    console = _console()
    load = plan.load
    cells = f", {plan.cells:,} cells of {plan.cell.users:,} users" if plan.cells > 1 else ""
    console.print(f"{plan.size} in {plan.region}{cells}: ${found.total:,.2f} a month (prices of {prices().month})")
    console.print(f"  {plan.why}\n")
    rows = [
        ("connected", f"{load.connected_mean:,.0f} in the mean, {load.connected_peak:,.0f} in the busiest hour"),
        ("edits", f"{load.edits(load.connected_peak):,.0f} a second then"),
        ("traffic", f"{load.out_gigabytes:,.0f} GB out, {load.in_gigabytes:,.0f} GB in a month"),
        *machinery_rows(plan),
    ]
    for name, text in rows:
        console.print(f"  {name:<12} {text}")
    console.print()
    table = Table("item", "$ a month", "of what", box=None, padding=(0, 2))
    table.columns[1].justify = "right"
    for item in found.items:
        table.add_row(item.name, f"{item.dollars:,.2f}", item.basis)
    console.print(table)


def machinery_rows(plan: Plan) -> list[tuple[str, str]]:
    """What one cell consists of, in words."""
    found = plan.machinery
    if found.tasks is None:
        return [("machine", "one t4g.small"), ("disk", f"{found.disk} GB")]
    tasks = found.tasks
    rows = [
        (
            "servers",
            (
                f"{tasks.minimum} to {tasks.maximum} of {tasks.size.cpus:g} vCPU and {tasks.size.megabytes} MB, "
                f"{tasks.peak} in the busiest hour; {tasks.connections:,} connections each"
            ),
        )
    ]
    if found.database is not None:
        rows.append(
            (
                "database",
                f"{found.database.name}, {found.disk} GB, {found.connections} of {found.database.connections} connections",
            )
        )
    if found.aurora is not None:
        rows.append(
            (
                "database",
                f"Aurora, {found.aurora.minimum:g} to {found.aurora.maximum:g} ACUs, {found.disk:,} GB, behind a proxy",
            )
        )
    if found.cache is not None:
        rows.append(("cache", found.cache.name))
    return rows


def _console() -> Console:
    console = Console(highlight=False, soft_wrap=True, markup=False)
    if not console.is_terminal:
        console.width = 200  # what is piped is not cut
    return console


# ---- for programs ----


def as_data(plan: Plan) -> dict[str, Any]:
    """A plan and its bill, JSON-ready. Dollars a month."""
    found, load, tasks = bill(plan), plan.load, plan.machinery.tasks
    database = plan.machinery.database
    return {
        "size": plan.size,
        "why": plan.why,
        "region": plan.region,
        "users": load.users,
        "active_hours": load.active_hours,
        "cells": plan.cells,
        "connected_mean": round(load.connected_mean, 1),
        "connected_peak": round(load.connected_peak, 1),
        "edits_per_second_peak": round(load.edits(load.connected_peak), 1),
        "gigabytes_out": round(load.out_gigabytes, 1),
        "gigabytes_in": round(load.in_gigabytes, 1),
        "servers": None if tasks is None else {"minimum": tasks.minimum, "peak": tasks.peak, "maximum": tasks.maximum},
        "database": "sqlite" if tasks is None else "aurora" if database is None else database.name,
        "database_connections": plan.machinery.connections,
        "database_gigabytes": round(load.database_gigabytes, 3),
        "prices": prices().month,
        "dollars_per_month": round(found.total, 2),
        "items": [{"name": one.name, "dollars": round(one.dollars, 2), "basis": one.basis} for one in found.items],
        "variables": variables(plan),
    }


def _rung(rung: Rung) -> dict[str, Any]:
    return {
        "users": rung.users,
        "size": rung.plan.size,
        "cells": rung.plan.cells,
        "dollars_per_month": round(rung.dollars, 2),
        "limits_met": [{"what": one.what, "users": one.users, "lever": one.lever} for one in rung.met],
    }
