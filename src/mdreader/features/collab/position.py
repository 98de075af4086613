"""How far a room is in its document's log, and how much of that the tree and the stored text know. Pure."""

from mdreader.features.collab.storage import Stored
from mdreader.features.collab.text import Shape


class Position:
    """`now` is always the event loop's clock, in seconds."""

    __slots__ = (
        "_ahead",
        "_shape_since",
        "changed_at",
        "dirty_since",
        "followed_since",
        "log_rows",
        "numbered_at",
        "recorded_seq",
        "seq",
        "shape",
    )

    def __init__(self, stored: Stored, now: float) -> None:
        self.seq = stored.seq  # up to this row everything is here
        self.shape = stored.shape
        self.log_rows = stored.log_rows
        self.recorded_seq = stored.text_seq  # up to here the tree knows of the text: title, size, revision
        self.changed_at = 0.0  # the last commit, here or elsewhere
        # The first commit that is not projected yet; 0 when there is none. Set at once when the server was killed before it came to that.
        self.dirty_since = now if stored.text_seq != stored.seq else 0.0
        self.followed_since = 0.0  # the same of other servers' rows
        self.numbered_at = 0.0  # the last commit of this server's own, which got the log's newest number
        self._ahead: set[int] | None = None  # rows that are here while one before them is not
        self._shape_since = stored.seq  # the row from which on the file has this shape, or a later one

    @property
    def has_hole(self) -> bool:
        """Whether a row is here while one before it is not."""
        return bool(self._ahead)

    def committed(self, seq: int, shape: Shape | None, now: float, *, recorded: bool) -> None:
        """A row of this server's own is stored. `recorded`: the tree was told of it in the same transaction."""
        self.changed_at = self.numbered_at = now
        self.dirty_since = self.dirty_since or now
        self._advance(seq)
        if shape is not None:
            self.reshaped(seq, shape)
        if recorded and self.recorded_seq == seq - 1 and self.seq == seq:
            self.recorded_seq = seq

    def followed(self, seq: int, now: float) -> None:
        """What another server stored under `seq` is in the document now."""
        self.changed_at = now
        self.followed_since = self.followed_since or now
        self._advance(seq)

    def followed_all(self, stored: Stored, now: float) -> None:
        """Everything that is stored is in the document now."""
        self.reshaped(stored.seq, stored.shape)
        if stored.seq > self.seq:
            self.changed_at = now
            self.followed_since = self.followed_since or now
            self.seq = stored.seq
            self._ahead = {seq for seq in self._ahead or () if seq > stored.seq} or None
        self._advance(stored.seq)
        self.log_rows = stored.log_rows

    def reshaped(self, seq: int, shape: Shape) -> None:
        """With row `seq` the file has this shape; word of an older row changes nothing."""
        if seq >= self._shape_since:
            self.shape, self._shape_since = shape, seq

    def projected(self, seq: int, *, folded: bool) -> None:
        """The text up to `seq` is stored, and the log up to it folded."""
        if folded:
            self.log_rows = self.seq - seq
        self.recorded_seq = max(self.recorded_seq, seq)
        if seq >= self.seq:
            self.dirty_since = self.followed_since = 0.0
        elif self.dirty_since:
            self.dirty_since = self.changed_at

    def _advance(self, seq: int) -> None:
        if seq == self.seq + 1 and not self._ahead:  # nearly always
            self.seq = seq
            self.log_rows += 1
            return
        if seq > self.seq:
            self.log_rows += 1
            if self._ahead is None:
                if seq == self.seq + 1:
                    self.seq = seq
                    return
                self._ahead = set()
            self._ahead.add(seq)
        if self._ahead is None:
            return
        while self.seq + 1 in self._ahead:
            self.seq += 1
            self._ahead.discard(self.seq)
        self._ahead = self._ahead or None
