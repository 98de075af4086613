"""`mdreader cloud simulate`: days of one cell, and years of many."""

import json
from dataclasses import asdict

from mdreader.cli.outcome import stop
from mdreader.cloud.load import Load
from mdreader.cloud.simulate import SCENARIOS, WAYS, set_up
from mdreader.cloud.simulate import simulate as one_day
from mdreader.cloud.sizes import PlanError, choose
from mdreader.cloud.splits import simulate as years

HOURS_A_DAY = 24
REGION = "us-east-1"  # nothing here has a price


def run(users: int, active_hours: float, seed: int, *, as_json: bool) -> int:
    """Simulate and show; the process's exit code."""
    if not 0 < active_hours <= HOURS_A_DAY:
        return stop("--active-hours is more than 0 and at most 24.")
    load = Load(users, active_hours)
    try:
        plan = choose(load, REGION)
        if plan.machinery.tasks is None:
            plan = choose(load, REGION, "team")
    except PlanError as error:
        return stop(str(error))
    tasks = plan.machinery.tasks
    if tasks is None:
        return stop("There is nothing to scale.")
    found = [
        {"scaling": way, **asdict(one_day(plan.cell, set_up(tasks, way), scenario, seed))}
        for way in WAYS
        for scenario in SCENARIOS
    ]
    capacity = 5_000
    grown = asdict(years(capacity, capacity * 2 // 5, seed))
    if as_json:
        print(json.dumps({"size": plan.size, "days": found, "cells": grown}, indent=2))
        return 0
    print(
        f"{plan.size}, {plan.cell.users:,} users: {tasks.minimum} to {tasks.maximum} servers, {tasks.carries:,} connections each"
    )
    for day in found:
        late = (
            f"late for {day['late_seconds']:,} s, {day['worst_delay']:.0f} s at worst"
            if day["late_seconds"]
            else "never late"
        )
        given_up = f", {day['given_up']} servers given up" if day["given_up"] else ""
        servers = f"{day['mean_servers']:.1f} servers, {day['most_servers']} at most"
        print(f"  {day['scaling']:<32} {day['scenario']:<45} {servers}; {late}{given_up}")
    hops = ", ".join(f"{share:.1%}" for share in grown["hops"])
    print(
        f"cells of {capacity:,} people, three years: {grown['cells']} cells for {grown['people']:,} people, "
        f"each workspace served by one: {'yes' if grown['served_once'] else 'NO'}; old links met 0, 1, ... other cells: {hops}"
    )
    return 0
