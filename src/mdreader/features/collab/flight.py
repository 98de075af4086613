"""What of one room is being committed."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mdreader.db.engine import Transaction
from mdreader.features.collab.log import Batch
from mdreader.features.collab.rewrite import Rewrite
from mdreader.features.collab.text import Shape
from mdreader.features.collab.verdict import Verdict

if TYPE_CHECKING:
    from mdreader.features.collab.connection import Connection


# What people typed: an update, whose it is, and what the gate said of it.
Typed = list[tuple[bytes, "Connection", Verdict]]


@dataclass(slots=True)
class Flight:
    """Begun by a room's flush, over when the log has told it."""

    started: float
    done: list[Callable[[], None]] = field(default_factory=list)  # those who wait for it
    data: bytes | None = None
    shape: Shape | None = None
    author: "Connection | None" = None  # the only one, or None for several
    updates: Typed = field(default_factory=list)  # what its row was merged of, when it holds nothing but what was typed
    typed: bool = False  # whether something of it came over a socket
    rewrites: list[Rewrite] = field(default_factory=list)
    batch: Batch | None = None
    new_clients: dict[int, str] = field(default_factory=dict)  # client id -> user id, first seen in its rewrites
    forked: bool = False  # the replica does not hold it before it is committed
    exact: bool = False  # see `Batch`

    @property
    def records(self) -> bool:
        """Whether something is to be written beside the text."""
        return any(rewrite.recording for rewrite in self.rewrites)

    @property
    def is_recorded(self) -> bool:
        """Whether the tree is told of everything in it in the same transaction."""
        return not self.typed and all(rewrite.recording or not rewrite.changed for rewrite in self.rewrites)

    async def record(self, tx: Transaction) -> None:
        """Write what its rewrites want written beside the text."""
        for rewrite in self.rewrites:
            if rewrite.recording:
                await rewrite.record(tx)
