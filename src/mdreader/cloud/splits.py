"""Years of cells, simulated: people come, a cell that is full is split by copying it, links grow old.

The rule that says who serves a workspace is the servers' own: a table in each cell, copied with it. Shown is whether every workspace
is served by exactly one cell, how often an old link meets another one, and where the model ends. Deterministic by its seed.
"""

import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from mdreader.kernel.cells import Cells

MONTHS: Final = 36
LINKS: Final = 4_000
LINK_MONTHS: Final = 6.0  # how old a link is that somebody opens, in the mean
MOST_HOPS: Final = 20  # after which a browser gives up
NEW_PEOPLE: Final = 0.15  # a month
CHURN_OF_SIZES: Final = 1.6  # sigma of a lognormal: a few workspaces are large


@dataclass(slots=True)
class Cell:
    """One installation: its copy of the router table, and the people of the workspaces that it serves."""

    name: str
    table: dict[int, str | None]
    people: int = 0


@dataclass(frozen=True, slots=True)
class Years:
    """What came of it."""

    cells: int
    needed: int  # cells, if people could be spread evenly
    workspaces: int
    people: int
    served_once: bool  # every workspace by exactly one cell
    unreachable: int  # links that led nowhere, or round and round
    moved_people: int  # sign in anew, once for each time that their workspace went
    hops: tuple[float, ...]  # shares of links that met 0, 1, 2, ... other cells first
    largest: int  # people of the largest workspace
    too_large: int  # workspaces that no cell has room for


@dataclass(slots=True)
class World:
    """All cells, and what is true of every workspace whatever their tables say."""

    chance: random.Random
    capacity: int
    cells: dict[str, Cell] = field(default_factory=dict)
    sizes: dict[int, int] = field(default_factory=dict)
    lives: dict[int, str] = field(default_factory=dict)
    born: dict[int, tuple[int, str]] = field(default_factory=dict)  # month, and in which cell
    history: dict[int, list[tuple[int, str]]] = field(default_factory=dict)
    moved: int = 0


def simulate(capacity: int, start: int, seed: int, months: int = MONTHS) -> Years:
    """`months` of growth from `start` people, in cells of at most `capacity`."""
    return _told(grown(capacity, start, seed, months), months)


def grown(capacity: int, start: int, seed: int, months: int = MONTHS) -> World:
    """The world that `simulate` tells of."""
    world = World(random.Random(seed), capacity)  # noqa: S311 - a simulation
    world.cells["c1"] = Cell("c1", {})
    _come(world, 0, start)
    for month in range(1, months):
        _come(world, month, int(sum(world.sizes.values()) * NEW_PEOPLE))
        for cell in list(world.cells.values()):
            if cell.people > capacity:
                _split(world, cell, month)
    return world


def _come(world: World, month: int, people: int) -> None:
    """New workspaces, each made in the cell with the most room, as sign-up would send people there."""
    left = people
    while left > 0:
        size = min(max(1, int(world.chance.lognormvariate(1.5, CHURN_OF_SIZES))), max(left, 1))
        cell = min(world.cells.values(), key=lambda one: one.people)
        number = len(world.sizes)
        # In the first cell of all nothing is written: that is what none means.
        cell.table[number] = None if cell.name == "c1" else cell.name
        world.sizes[number], world.lives[number] = size, cell.name
        world.born[number] = (month, cell.name)
        world.history[number] = [(month, cell.name)]
        cell.people += size
        left -= size


def _split(world: World, cell: Cell, month: int) -> None:
    """Half of the people go to a copy: first the table says so, then it is copied, as `mdreader cells assign` has it."""
    name = f"c{len(world.cells) + 1}"
    own = sorted(
        (one for one, lives in world.lives.items() if lives == cell.name), key=world.sizes.__getitem__, reverse=True
    )
    going, there = [], 0
    for one in own:
        if there + world.sizes[one] <= cell.people // 2:
            going.append(one)
            there += world.sizes[one]
    for one in going:
        cell.table[one] = name
        world.lives[one] = name
        world.history[one].append((month, name))
    world.cells[name] = Cell(name, dict(cell.table), there)
    cell.people -= there
    world.moved += there


def serves(cell: Cell, cells: Cells, workspace: int) -> str | None:
    """The name of the cell that this one says serves a workspace; None when it never heard of it. Every server's rule."""
    if workspace not in cell.table:
        return None
    return cell.table[workspace] or cells.first


def _told(world: World, months: int) -> Years:
    cells = {name: Cells(name, dict.fromkeys(world.cells, "")) for name in world.cells}
    serving: Counter[int] = Counter()
    for name, cell in world.cells.items():
        serving.update(one for one in cell.table if serves(cell, cells[name], one) == name)
    hops: Counter[int] = Counter()
    unreachable = 0
    numbers, weights = list(world.sizes), list(world.sizes.values())
    for one in world.chance.choices(numbers, weights, k=LINKS):
        made = months - min(world.chance.expovariate(1 / LINK_MONTHS), months - world.born[one][0])
        entry = next(name for month, name in reversed(world.history[one]) if month <= max(made, world.born[one][0]))
        met = _follow(world, cells, entry, one)
        if met is None:
            unreachable += 1
        else:
            hops[met] += 1
    people = sum(world.sizes.values())
    return Years(
        cells=len(world.cells),
        needed=-(-people // world.capacity),
        workspaces=len(world.sizes),
        people=people,
        served_once=set(serving) == set(world.sizes) and set(serving.values()) == {1},
        unreachable=unreachable,
        moved_people=world.moved,
        hops=tuple(hops[count] / LINKS for count in range(max(hops) + 1)),
        largest=max(world.sizes.values()),
        too_large=sum(size > world.capacity for size in world.sizes.values()),
    )


def _follow(world: World, cells: dict[str, Cells], entry: str, workspace: int) -> int | None:
    name = entry
    for met in range(MOST_HOPS + 1):
        found = serves(world.cells[name], cells[name], workspace)
        if found is None:
            return None
        if found == name:
            return met
        name = found
    return None
