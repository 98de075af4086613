"""`mdreader cells`: which workspace lives in which cell."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Final

import typer

from mdreader.cli.outcome import stop

commands = typer.Typer(help="Which workspace lives in which cell.", no_args_is_help=True)
SHOWN: Final = 20


@commands.command("list")
def list_cells() -> None:
    """How many workspaces live in each cell, as far as this one's database knows."""
    raise typer.Exit(_list())


@commands.command("assign")
def assign(
    cell: Annotated[str, typer.Argument(help="The cell in which they live from now on.")],
    workspaces: Annotated[
        list[str], typer.Argument(help="Ids of workspaces; - reads them from standard input, one a line.")
    ],
) -> None:
    """Say that workspaces live in a cell. Elsewhere they are refused from then on; docs/operations.md has the steps around it."""
    ids = [line.strip() for line in sys.stdin if line.strip()] if workspaces == ["-"] else workspaces
    raise typer.Exit(_assign(cell, ids))


@commands.command("table")
def table() -> None:
    """Print this cell's router table, for `mdreader cells check`."""
    raise typer.Exit(_table())


@commands.command("check")
def check(
    tables: Annotated[
        list[Path], typer.Argument(help="What `mdreader cells table` printed in each cell.", dir_okay=False)
    ],
) -> None:
    """Compare the router tables of several cells: is every workspace served by exactly one? Exits with 1 if not."""
    raise typer.Exit(_check(tables))


def _list() -> int:
    from mdreader.db.engine import Database
    from mdreader.features.workspaces.cells import count
    from mdreader.kernel.cells import Cells

    async def look(database: Database, cells: Cells) -> int:
        async with database.read() as conn:
            found = await count(conn, cells)
        for name, number in found.items():
            here = " (this one)" if name == cells.own else ""
            print(f"{name:<32} {number:>10,}   {cells.addresses.get(name, 'not in MDREADER_CELLS')}{here}")
        return 0

    return _with_database(look)


def _assign(cell: str, ids: Sequence[str]) -> int:
    from mdreader.db.engine import Database
    from mdreader.features.workspaces.cells import assign as assign_to
    from mdreader.kernel.cells import Cells

    async def change(database: Database, cells: Cells) -> int:
        if cell not in cells.addresses:
            return stop(f"There is no cell {cell}. MDREADER_CELLS names: {', '.join(cells.addresses)}.")
        async with database.write() as tx:
            done = await assign_to(tx, cells, ids, cell)
        if done.unknown:
            return stop(
                f"Nothing was changed: {len(done.unknown)} of {len(ids)} are no workspaces of this database.",
                *done.unknown[:10],
            )
        print(f"{done.changed} of {len(ids)} workspaces live in {cell} now, the others did already.")
        if cell != cells.own and done.changed:
            print("Sockets that are open here are closed within half a minute.")
        return 0

    return _with_database(change)


def _table() -> int:
    from mdreader.db.engine import Database
    from mdreader.features.workspaces.cells import every
    from mdreader.kernel.cell_tables import written
    from mdreader.kernel.cells import Cells

    async def look(database: Database, cells: Cells) -> int:
        async with database.read() as conn:
            lives = [entry async for entry in every(conn)]
        for line in written(cells, lives):
            print(line)
        return 0

    return _with_database(look)


def _check(files: Sequence[Path]) -> int:
    from mdreader.kernel.cell_tables import TableError, compare, read

    tables = []
    for file in files:
        try:
            tables.append(read(file.read_text("utf-8").splitlines()))
        except (OSError, UnicodeDecodeError, TableError) as error:
            return stop(f"{file} is no table of `mdreader cells table`: {error}")
    try:
        found = compare(tables)
    except TableError as error:
        return stop(f"{error}: give one of each cell.")
    for name, number in found.served.items():
        print(f"{name:<32} serves {number:>10,}")
    if found.detours:
        print(
            f"{found.detours:,} workspaces are reached from some cell by more than one redirect; "
            "`mdreader cells assign` in that cell makes it one."
        )
    if found.conflicts:
        return stop(
            *found.conflicts[:SHOWN],
            *([f"and {len(found.conflicts) - SHOWN:,} more"] if len(found.conflicts) > SHOWN else []),
            f"{len(found.conflicts):,} conflicts. `mdreader cells assign` in the cell that is wrong mends each; "
            "what was written there meanwhile comes over by export and import.",
        )
    print("Every workspace is served by one of them, and every link leads there.")
    return 0


def _with_database(work: Callable[..., Awaitable[int]]) -> int:
    """Run `work` with the database and the cells of the settings; the process's exit code."""
    from mdreader.bootstrap.cells import cells_of
    from mdreader.bootstrap.credentials import open_secrets
    from mdreader.bootstrap.database import hold_storage, on_postgres, open_database
    from mdreader.cli.trouble import explain
    from mdreader.settings import load_settings

    async def run() -> int:
        async with open_secrets(load_settings()) as credentials:
            settings = credentials.settings
            cells = cells_of(settings)
            if cells is None:
                return stop("There are no cells: set MDREADER_CELL and MDREADER_CELLS as the servers have them.")
            with nullcontext() if on_postgres(settings) else hold_storage(settings):
                async with open_database(settings, rotating=credentials.rotating) as database:
                    return await work(database, cells)

    try:
        return asyncio.run(run())
    except Exception as error:
        if (reason := explain(error)) is None:
            raise
        return stop(reason)
