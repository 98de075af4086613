"""Which size carries a load, and with how much of everything. Pure: no prices."""

import math
from dataclasses import dataclass, replace
from typing import Final, Literal, get_args

from mdreader.cloud import machines
from mdreader.cloud.figures import value
from mdreader.cloud.load import DAY, Load
from mdreader.cloud.machines import CacheNode, DatabaseClass, TaskSize

Size = Literal["box", "team", "planet"]
SIZES: Final[tuple[Size, ...]] = get_args(Size)


class PlanError(ValueError):
    """It cannot be planned like this; the message says what to do instead."""


@dataclass(frozen=True, slots=True)
class Options:
    """What is chosen and not computed."""

    multi_az: bool = False
    nat: Literal["none", "gateway", "endpoints"] = "none"
    accounts: Literal["embedded", "lite", "essentials"] = "embedded"  # mdreader's own, or a tier of Cognito


@dataclass(frozen=True, slots=True)
class Tasks:
    """The servers of one cell. `mean` is over the day, as scaling follows it."""

    size: TaskSize
    carries: int  # connections that one bears
    connections: int  # that one should have: above it, scaling starts more
    minimum: int
    peak: int
    maximum: int
    mean: float


@dataclass(frozen=True, slots=True)
class Aurora:
    """The writer of a cell, in ACUs; a reader stands beside it with as many."""

    minimum: float
    maximum: float
    mean: float


@dataclass(frozen=True, slots=True)
class Machinery:
    """What one cell consists of. On the box everything but `disk` is empty."""

    disk: int  # GB of the box's volume, or of the database
    tasks: Tasks | None = None
    database: DatabaseClass | None = None
    aurora: Aurora | None = None
    connections: int = 0  # to the database, at the peak
    syncs: float = 0  # of the database's log, a second
    cache: CacheNode | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """A size for a load. `load` is all of it, `cell` the part of one cell."""

    size: Size
    region: str
    load: Load
    cells: int
    cell: Load
    machinery: Machinery
    options: Options
    why: str


def choose(load: Load, region: str, size: Size | None = None, options: Options | None = None) -> Plan:
    """The smallest size that carries `load`, or the given one. Raises `PlanError`, which names the next size or what is too much."""
    chosen = options or Options()
    if size is not None:
        found = _machinery(load, size)
        return _plan(load, region, size, chosen, found=found, why="as asked for")
    reasons: list[str] = []
    for candidate in SIZES:
        try:
            found = _machinery(load, candidate)
        except PlanError as error:
            reasons.append(str(error))
        else:
            why = " ".join(reasons) or "The smallest size carries it."
            return _plan(load, region, candidate, chosen, found=found, why=why)
    raise PlanError(reasons[-1])


def _plan(load: Load, region: str, size: Size, options: Options, *, found: Machinery, why: str) -> Plan:
    cells = 1 if size != "planet" else math.ceil(load.users / cell_users(load))
    cell = load if cells == 1 else replace(load, users=math.ceil(load.users / cells))
    return Plan(size, region, load, cells, cell, found, options, why)


def _machinery(load: Load, size: Size) -> Machinery:
    if size == "box":
        return box(load)
    return team(load) if size == "team" else planet_cell(load)


# ---- box ----


def box(load: Load) -> Machinery:
    """One machine. Raises `PlanError`."""
    most = box_users(load)
    if load.users > min(most.values()):
        raise PlanError(_too_much("box", load, most, "team"))
    need = load.database_gigabytes + load.file_gigabytes
    return Machinery(disk=max(20, _tens(1.3 * need)))


def box_users(load: Load) -> dict[str, float]:
    """How many users the box carries, by what ends it first."""
    one = replace(load, users=1_000_000)
    peak, mean = one.connected_peak / one.users, one.connected_mean / one.users
    cpu = one.server_cpu(1, value("cpu_us_per_edit_sqlite"))
    memory = machines.BOX_MEGABYTES * machines.MEMORY_USE - value("megabytes_started")
    disk = machines.BOX_DISK_MAX / 1.3
    return {
        "its CPU is used up at the peak": machines.BOX_CPUS * machines.USE / (cpu * peak),
        "its CPU credits are used up in a day": machines.BOX_BASELINE * machines.USE / (cpu * mean),
        "its memory is used up": memory / (value("kilobytes_per_connection") / 1000 * peak),
        "its disk is full": disk / ((one.database_gigabytes + one.file_gigabytes) / one.users),
        "more connections on one server were not measured": value("most_connections_measured") / peak,
    }


# ---- team ----


def team(load: Load) -> Machinery:
    """Several servers on one RDS instance. Raises `PlanError`."""
    tasks = tasks_for(load, most=machines.TEAM_TASKS, minimum=1)
    if tasks is None:
        raise PlanError(_too_much("team", load, team_users(load), "planet"))
    storage = max(20, _tens(1.3 * load.database_gigabytes + 5))
    if storage > machines.TEAM_STORAGE:
        raise PlanError(_too_much("team", load, team_users(load), "planet"))
    connections = math.ceil(tasks.maximum * value("database_connections_per_task"))
    database = _database(load, connections)
    cache = _cache(load)
    return Machinery(
        disk=storage,
        tasks=tasks,
        database=database,
        connections=connections,
        syncs=tasks.peak * value("syncs_per_server_second"),
        cache=cache,
    )


def team_users(load: Load) -> dict[str, float]:
    """How many users team carries, by what ends it first."""
    one = replace(load, users=1_000_000)
    per_user = one.connected_peak / one.users
    largest = machines.TASKS[-1]
    storage = (machines.TEAM_STORAGE - 5) / 1.3
    return {
        f"{machines.TEAM_TASKS} servers are busy": machines.TEAM_TASKS * target(load, largest) / per_user,
        f"its {machines.TEAM_STORAGE} GB of database are full": storage / (one.database_gigabytes / one.users),
    }


def _too_much(size: str, load: Load, most: dict[str, float], instead: str) -> str:
    name = min(most, key=most.__getitem__)
    carries = (
        f"{size} carries {most[name]:,.0f} users at {load.active_hours:g} hours a day, not {load.users:,}: {name}."
    )
    return f"{carries} Take --size {instead}."


def target(load: Load, size: TaskSize, *, alone: bool = False) -> int:
    """How many connections one server should have, so that it bears those of one that is lost."""
    return int(task_connections(load, size, alone=alone) * machines.SCALE_AT)


def task_connections(load: Load, size: TaskSize, *, alone: bool = False) -> int:
    """How many connections one server bears: as CPU and memory allow, and no more than were measured on one."""
    cost = load.server_cpu(1, value("cpu_us_per_edit_alone" if alone else "cpu_us_per_edit_together"))
    by_cpu = size.cpus * machines.USE / cost
    by_memory = (size.megabytes * machines.MEMORY_USE - value("megabytes_started")) / (
        value("kilobytes_per_connection") / 1000
    )
    return int(min(by_cpu, by_memory, value("most_connections_measured")) // 50 * 50)


def tasks_for(load: Load, *, most: int, minimum: int) -> Tasks | None:
    """The smallest servers of which at most `most` are needed; None when even the largest are too few."""
    for size in machines.TASKS:
        each = target(load, size)
        peak = _count(load, size, each, load.connected_peak)
        if peak <= most:
            by_hour = [max(minimum, _count(load, size, each, load.connected_at(hour))) for hour in range(len(DAY))]
            peak = max(minimum, peak)
            # Room for a day that is half again as busy, and for one server that is lost.
            maximum = max(peak, min(most, math.ceil(peak * 1.5) + 1))
            return Tasks(size, task_connections(load, size), each, minimum, peak, maximum, sum(by_hour) / len(by_hour))
    return None


def _count(load: Load, size: TaskSize, each: int, connected: float) -> int:
    if connected <= target(load, size, alone=True):
        return 1
    return max(2, math.ceil(connected / each))


def _database(load: Load, connections: int) -> DatabaseClass:
    peak, mean = load.database_cpu(load.connected_peak), load.database_cpu(load.connected_mean)
    for one in machines.DATABASES:
        if (
            peak <= one.cpus * machines.USE
            and mean <= one.baseline * machines.USE
            and connections <= one.connections * machines.CONNECTIONS_USE
        ):
            return one
    raise PlanError("No class of RDS carries it. Take --size planet.")


def _cache(load: Load) -> CacheNode:
    peak, mean = load.cache_cpu(load.connected_peak), load.cache_cpu(load.connected_mean)
    for one in machines.CACHES:
        if peak <= machines.USE and mean <= one.cpus * machines.USE:
            return one
    raise PlanError("One node of Valkey does not pass on so many edits. Take --size planet.")


# ---- planet ----


def cell_limits(load: Load) -> dict[str, float]:
    """How many users one cell carries, by what ends it first."""
    one = replace(load, users=1_000_000)
    per_user = one.connected_peak / one.users
    acu_cpus = machines.ACU_MAX / machines.ACU_PER_CPU * machines.USE
    return {
        "Valkey hands out messages on one CPU": machines.USE / (one.cache_cpu(1) * per_user),
        f"Aurora's writer has {machines.ACU_MAX} ACUs": acu_cpus / (one.database_cpu(1) * per_user),
        f"{machines.PLANET_TASKS:,} servers are busy": machines.PLANET_TASKS
        * target(load, machines.TASKS[-1])
        / per_user,
    }


def cell_users(load: Load) -> int:
    """How many users one cell should have: what its first limit leaves."""
    return int(min(cell_limits(load).values()))


def planet_cell(load: Load) -> Machinery:
    """One cell of as many as are needed."""
    cells = math.ceil(load.users / cell_users(load))
    cell = replace(load, users=math.ceil(load.users / cells))
    tasks = tasks_for(cell, most=machines.PLANET_TASKS, minimum=2)
    if tasks is None:
        raise PlanError(f"A cell of {cell.users:,} users needs more than {machines.PLANET_TASKS:,} servers.")
    # A pooler stands between: what the servers open ends there.
    return Machinery(
        disk=max(10, math.ceil(cell.database_gigabytes)),
        tasks=tasks,
        aurora=Aurora(
            minimum=_acus(cell, min(range(len(DAY)), key=DAY.__getitem__)),
            maximum=min(machines.ACU_MAX, max(2.0, 2 * _acus(cell, max(range(len(DAY)), key=DAY.__getitem__)))),
            mean=sum(_acus(cell, hour) for hour in range(len(DAY))) / len(DAY),
        ),
        connections=math.ceil(tasks.maximum * value("database_connections_per_task")),
        syncs=tasks.peak * value("syncs_per_server_second"),
        cache=_cache(cell),
    )


def _acus(load: Load, hour: int) -> float:
    """ACUs that an hour needs, in halves."""
    cpus = load.database_cpu(load.connected_at(hour)) / machines.USE
    return min(machines.ACU_MAX, max(machines.ACU_MIN, math.ceil(cpus * machines.ACU_PER_CPU * 2) / 2))


def _tens(gigabytes: float) -> int:
    return math.ceil(gigabytes / 10) * 10
