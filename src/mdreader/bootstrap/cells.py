"""Which cell this is, and what its database must know of that before anybody is let in."""

from typing import Final

import structlog
from sqlalchemy import update

from mdreader.db.engine import Database
from mdreader.db.secrets import secrets, shared_secret
from mdreader.features.accounts.copied import end_what_signs_in
from mdreader.features.workspaces.cells import settle
from mdreader.kernel.cells import Cells
from mdreader.kernel.clock import Clock
from mdreader.settings import Settings

log = structlog.get_logger(__name__)

# Not secret; it lies where what a database must remember of itself lies.
_REMEMBERED: Final = "cell"


def cells_of(settings: Settings) -> Cells | None:
    """The cells that the settings name; None when there are none."""
    return None if settings.cell is None else Cells(settings.cell, dict(settings.cells))


async def settle_in(cells: Cells, database: Database, clock: Clock) -> None:
    """Let the database follow from which cell this is. One that was another cell's is a copy: its sessions and keys end first."""
    was = (await shared_secret(database, _REMEMBERED, cells.own.encode)).decode()
    async with database.write() as tx:
        if was != cells.own:
            log.warning("database_of_another_cell", was=was, now=cells.own, then="sessions and API keys end")
            await end_what_signs_in(tx, clock.now())
            await tx.conn.execute(update(secrets).where(secrets.c.name == _REMEMBERED).values(value=cells.own.encode()))
        await settle(tx, cells)
