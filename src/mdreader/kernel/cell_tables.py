"""The router tables of several cells, side by side: is every workspace served by exactly one of them?

As text a table is a line for the cell, one for the list that it was given, one for each workspace, and at last how many those are:

    cell eu
    cells eu=https://eu.example.org, us=https://us.example.org
    0192f0c1-8a00-7000-8000-000000000001 us
    workspaces 1
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from mdreader.kernel.cells import Cells
from mdreader.kernel.ids import is_id


class TableError(ValueError):
    """This is no router table; the message says where it stops being one."""


@dataclass(frozen=True, slots=True)
class CellTable:
    """What one cell knows: where each workspace lives that it ever had, by the workspace's id; cells are names."""

    cell: str
    addresses: str
    lives: Mapping[str, str]

    @property
    def cells(self) -> set[str]:
        """The names in the list that it was given."""
        return {entry.partition("=")[0] for entry in self.addresses.split(", ")}


@dataclass(frozen=True, slots=True)
class Compared:
    """What several tables say together. `conflicts` are sentences, in the order of the workspaces' ids."""

    served: Mapping[str, int]  # workspaces of each cell whose table was given
    detours: int  # workspaces to which a link of some cell leads by more than one redirect
    conflicts: Sequence[str]


def written(cells: Cells, lives: Iterable[tuple[str, str | None]]) -> Iterator[str]:
    """The lines of a table; none as a cell is the first of the list."""
    yield f"cell {cells.own}"
    yield "cells " + ", ".join(f"{name}={address}" for name, address in cells.addresses.items())
    count = 0
    for workspace, cell in lives:
        yield f"{workspace} {cell or cells.first}"
        count += 1
    yield f"workspaces {count}"


def read(lines: Iterable[str]) -> CellTable:
    """What `written` wrote, and all of it. Log lines in JSON between its own are passed over, as a task's log has them.

    Raises `TableError`.
    """
    cell = addresses = count = ""
    lives: dict[str, str] = {}
    told_at: dict[str, int] = {}
    for number, line in enumerate(lines, start=1):
        name, _, rest = line.strip().partition(" ")
        if not name or name.startswith("{"):
            continue
        if name == "cell" and not cell:
            cell = rest
        elif name == "cells" and not addresses:
            addresses = rest
        elif name in told_at:
            raise TableError(f"line {number} tells of the workspace of line {told_at[name]} again")
        elif is_id(name) and rest and " " not in rest and not count:
            lives[name], told_at[name] = rest, number
        elif name == "workspaces" and rest.isdecimal() and not count:
            count = rest
        else:
            raise TableError(f"line {number} is not of a table: {line.strip()[:80]}")
    _check_whole(cell, addresses, lives, count)
    return CellTable(cell, addresses, lives)


def _check_whole(cell: str, addresses: str, lives: Mapping[str, str], count: str) -> None:
    if not cell or not addresses:
        raise TableError("it does not begin with a line for the cell and one for the list of cells")
    if not count:
        raise TableError("it has no end: something cut it off")
    if len(lives) != int(count):
        raise TableError(f"it names {len(lives):,} workspaces and should have {int(count):,}")


def compare(tables: Sequence[CellTable]) -> Compared:
    """Follow every workspace from every table. Raises `TableError` when two are of one cell."""
    by_cell = {table.cell: table for table in tables}
    if len(by_cell) < len(tables):
        raise TableError("two of the tables are of one cell")
    conflicts = list(_lists(tables))
    served: Counter[str] = Counter(dict.fromkeys(by_cell, 0))
    detours = 0
    for workspace in sorted({workspace for table in tables for workspace in table.lives}):
        own = [table.cell for table in tables if table.lives.get(workspace) == table.cell]
        served.update(own)
        if len(own) > 1:
            conflicts.append(f"{workspace} is served by {' and by '.join(own)}")
            continue
        ways = [_follow(by_cell, table, workspace) for table in tables if workspace in table.lives]
        conflicts += dict.fromkeys(way for way in ways if isinstance(way, str))
        detours += any(isinstance(way, int) and way > 1 for way in ways)
    return Compared(dict(served), detours, conflicts)


def _lists(tables: Sequence[CellTable]) -> Iterator[str]:
    if len({table.addresses for table in tables}) > 1:
        yield "the cells were given different lists (MDREADER_CELLS): " + "; ".join(
            f"{table.cell} has {table.addresses}" for table in tables
        )


def _follow(by_cell: Mapping[str, CellTable], table: CellTable, workspace: str) -> int | str:
    """How many redirects it takes from a table to the cell that serves it, or why none is reached. A cell without a table is believed."""
    way = [table.cell]
    while (cell := by_cell[way[-1]].lives[workspace]) != way[-1]:
        if cell in way:
            # Round and round: the same sentence wherever one began.
            ring = way[way.index(cell) :]
            first = ring.index(min(ring))
            return f"{workspace} is served by nobody: {' sends to '.join([*ring[first:], *ring[:first], ring[first]])}"
        if cell not in by_cell[way[-1]].cells:
            return (
                f"{workspace} is served by nobody: {way[-1]} sends to {cell}, which is not in its list (MDREADER_CELLS)"
            )
        way.append(cell)
        if cell not in by_cell:
            break
        if workspace not in by_cell[cell].lives:
            return f"{workspace} is served by nobody: {way[-2]} sends to {cell}, which never had it"
    return len(way) - 1
