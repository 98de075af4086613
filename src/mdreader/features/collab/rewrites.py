"""The texts that are to replace a room's live one, until they are on their way to the disk.

Where other servers write to the same log, each is made on a copy and stored under exactly the next number or not at all. When another
server was faster, it is made anew as soon as that server's row is here: made before, it would be refused again, and compared with a text
that is no longer the newest.
"""

from collections.abc import Sequence
from typing import Final

from mdreader.features.collab.content import Content
from mdreader.features.collab.flight import Flight
from mdreader.features.collab.position import Position
from mdreader.features.collab.replica import EMPTY_UPDATE
from mdreader.features.collab.rewrite import Rewrite
from mdreader.kernel.errors import UnavailableError

# Times that a text is made anew because another server's edits came between. Then one that replaces whatever is there merges with them;
# one that was written for a certain text is given back.
EXACT_TRIES: Final = 10
# Seconds that one waits for its turn, and for rows of other servers that have to be here first.
PATIENCE: Final = 10.0


class Rewrites:
    """In the order in which they came."""

    __slots__ = ("_after", "_position", "_queue", "had_turn")

    def __init__(self, position: Position) -> None:
        self._position = position
        self._queue: list[Rewrite] = []
        self._after = 0  # the row that has to be here before the next try
        self.had_turn = False  # the last flight was made of them: what is typed goes first now

    def __bool__(self) -> bool:
        return bool(self._queue)

    @property
    def ready(self) -> bool:
        """Whether one can be made now: everything that has to be here is."""
        return bool(self._queue) and not self._position.has_hole and self._position.seq >= self._after

    def put(self, rewrite: Rewrite) -> None:
        """Have one wait for its turn."""
        self._queue.append(rewrite)

    def take(self) -> list[Rewrite]:
        """All that wait."""
        taken, self._queue = self._queue, []
        return taken

    def put_back(self, rewrites: Sequence[Rewrite]) -> None:
        """Those that were taken wait again, before all others."""
        self._queue[:0] = rewrites

    def again(self, rewrites: Sequence[Rewrite], row: int) -> None:
        """Another server was faster: they are made anew when its `row` is here, or given back after too many tries."""
        self._after = row
        for rewrite in rewrites:
            rewrite.tries += 1
            if rewrite.tries >= EXACT_TRIES and rewrite.conditional:
                rewrite.fail(_lost())
        self.put_back([rewrite for rewrite in rewrites if not rewrite.done.done()])

    def give_up(self, rewrite: Rewrite) -> None:
        """One has waited for too long. One that is on its way to the disk is let go on."""
        if rewrite in self._queue:
            self._queue.remove(rewrite)
            rewrite.fail(_lost())

    def fork(self, flight: Flight, content: Content, epoch: str) -> None:
        """Make the first one on a copy of `content` for `flight`. Raises what pycrdt makes of it; the rewrite waits on then."""
        rewrite = self._queue[0]
        change = rewrite.apply(content.fork(), self._position.shape, epoch)
        del self._queue[0]
        flight.rewrites, flight.shape, flight.forked = (rewrite,), change.shape, True
        flight.data = change.update or (EMPTY_UPDATE if change.shape is not None else b"")
        flight.new_clients = dict.fromkeys(change.new_clients, rewrite.owner)
        flight.exact = rewrite.conditional or rewrite.tries < EXACT_TRIES


def _lost() -> UnavailableError:
    return UnavailableError(
        "The document is written to on another server all the time, and nothing of yours was stored. Try again.",
        headers={"Retry-After": "1"},
    )
