"""What of one room is being committed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mdreader.db.engine import Transaction
from mdreader.features.collab.log import Batch
from mdreader.features.collab.rewrite import Rewrite
from mdreader.features.collab.verdict import Verdict

if TYPE_CHECKING:
    from mdreader.features.collab.connection import Connection


# What people typed: an update, whose it is, and what the gate said of it.
Typed = list[tuple[bytes, "Connection", Verdict]]


@dataclass(slots=True, eq=False)
class Flight(Batch):
    """The batch that a room's flush begins, with what is to be done when the log has told it. Without `data` nothing is stored."""

    done: list[Callable[[], None]] = field(default_factory=list)  # those who wait for it
    author: "Connection | None" = None  # the only one, or None for several
    updates: Typed | None = None  # what its row was merged of, when it holds nothing but what was typed
    typed: bool = False  # whether something of it came over a socket
    rewrites: Sequence[Rewrite] = ()
    forked: bool = False  # the replica does not hold it before it is committed

    @property
    def records(self) -> bool:
        """Whether something is to be written beside the text."""
        return any(rewrite.recording for rewrite in self.rewrites)

    @property
    def is_recorded(self) -> bool:
        """Whether the tree is told of everything in it in the same transaction."""
        return not self.typed and all(rewrite.recording or not rewrite.changed for rewrite in self.rewrites)

    async def write_records(self, tx: Transaction) -> None:
        """Write what its rewrites want written beside the text."""
        for rewrite in self.rewrites:
            if rewrite.recording:
                await rewrite.record(tx)
