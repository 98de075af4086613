"""Router tables of several cells, compared: what must be found, and that real splits have nothing to be found."""

import pytest

from mdreader.cloud import splits
from mdreader.kernel.cell_tables import CellTable, TableError, compare, read, written
from mdreader.kernel.cells import Cells

ADDRESSES = {"eu": "https://eu.example.org", "us": "https://us.example.org", "asia": "https://asia.example.org"}
LIST = ", ".join(f"{name}={address}" for name, address in ADDRESSES.items())
A, B = (f"0192f0c1-8a00-7000-8000-00000000000{number}" for number in (1, 2))


def table(cell: str, addresses: str = LIST, **lives: str) -> CellTable:
    return CellTable(cell, addresses, {{"a": A, "b": B}[name]: home for name, home in lives.items()})


def test_a_table_is_read_as_it_was_written() -> None:
    lines = list(written(Cells("us", ADDRESSES), [(A, None), (B, "us")]))
    assert lines == ["cell us", f"cells {LIST}", f"{A} eu", f"{B} us", "workspaces 2"]
    assert read(lines) == table("us", a="eu", b="us")
    assert read(['{"event": "start"}', *lines, "", '{"event": "end"}']) == table("us", a="eu", b="us")


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ([], "it does not begin with a line for the cell"),
        (["cell us", f"{A} eu"], "one for the list of cells"),
        (["cell us", f"cells {LIST}", "0192 eu"], "line 3 is not of a table: 0192 eu"),
        (["cell us", f"cells {LIST}", f"{A} eu us"], "line 3 is not of a table"),
        (["cell us", f"cells {LIST}", "cell eu"], "line 3 is not of a table: cell eu"),
        # What a log is fetched by has a limit, and a shorter table would agree with more.
        (["cell us", f"cells {LIST}", f"{A} eu"], "it has no end: something cut it off"),
        (["cell us", f"cells {LIST}", f"{A} eu", "workspaces 2"], "it names 1 workspaces and should have 2"),
        (["cell us", f"cells {LIST}", f"{A} eu", f"{A} us", "workspaces 2"], "line 4 tells of the workspace of line 3"),
    ],
)
def test_what_is_no_table_says_where(lines: list[str], says: str) -> None:
    with pytest.raises(TableError, match=says):
        read(lines)


def test_tables_that_agree_have_no_conflicts() -> None:
    found = compare([table("eu", a="us", b="eu"), table("us", a="us", b="eu")])
    assert (found.served, found.detours, found.conflicts) == ({"eu": 1, "us": 1}, 0, [])


def test_what_a_cell_never_heard_of_is_no_conflict() -> None:
    assert compare([table("eu", a="eu"), table("us", b="us")]).conflicts == []


@pytest.mark.parametrize(
    ("tables", "says"),
    [
        ([table("eu", a="eu"), table("us", a="us")], [f"{A} is served by eu and by us"]),
        ([table("eu", a="us"), table("us", a="eu")], [f"{A} is served by nobody: eu sends to us sends to eu"]),
        ([table("eu", a="us"), table("us", b="us")], [f"{A} is served by nobody: eu sends to us, which never had it"]),
        (
            [table("eu", a="mars"), table("us", b="us")],
            [f"{A} is served by nobody: eu sends to mars, which is not in its"],
        ),
        ([table("eu", a="eu"), table("us", "us=https://else.example.org", b="us")], ["the cells were given different"]),
    ],
)
def test_a_conflict_is_found(tables: list[CellTable], says: list[str]) -> None:
    found = compare(tables).conflicts
    assert len(found) >= len(says)
    assert all(any(one.startswith(beginning) for one in found) for beginning in says)


def test_a_conflict_is_said_once() -> None:
    assert compare([table("us", a="eu"), table("eu", a="us")]).conflicts == [
        f"{A} is served by nobody: eu sends to us sends to eu"
    ]


def test_a_way_by_a_third_cell_is_counted_and_no_conflict() -> None:
    found = compare([table("eu", a="us"), table("us", a="asia"), table("asia", a="asia")])
    assert (found.detours, found.conflicts) == (1, [])
    # Of a cell without a table nothing can be said.
    assert compare([table("eu", a="us")]).conflicts == []


def test_two_tables_of_one_cell_are_refused() -> None:
    with pytest.raises(TableError, match="two of the tables are of one cell"):
        compare([table("eu", a="eu"), table("eu", a="eu")])


def test_years_of_splits_have_no_conflicts_and_a_slip_has_one() -> None:
    world = splits.grown(500, 200, seed=3)
    named = {number: f"0192f0c1-8a00-7000-8000-{number:012d}" for number in world.sizes}
    listed = ", ".join(f"{name}=" for name in world.cells)
    tables = [
        CellTable(cell.name, listed, {named[one]: home or "c1" for one, home in cell.table.items()})
        for cell in world.cells.values()
    ]
    found = compare(tables)
    assert found.conflicts == []
    assert sum(found.served.values()) == len(world.sizes)
    assert found.detours > 0
    slip = next(one for one, home in tables[0].lives.items() if home != "c1")
    tables[0] = CellTable("c1", listed, {**tables[0].lives, slip: "c1"})
    assert [one.split()[0] for one in compare(tables).conflicts] == [slip]
