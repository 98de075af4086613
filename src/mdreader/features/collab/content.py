"""What a room knows of its document: the gate, and the Yjs state as a replica, as stored bytes, or not in memory at all."""

from collections.abc import Iterator

from mdreader.features.collab.diff import Edit
from mdreader.features.collab.gate import Gate, Kind, Verdict
from mdreader.features.collab.keystrokes import Keystrokes
from mdreader.features.collab.replica import EMPTY_STATE_VECTOR, EMPTY_UPDATE, Replica, ReplicaError, difference
from mdreader.features.collab.storage import Stored
from mdreader.features.collab.text import Shape, compose, etag_of
from mdreader.ports.live import LiveText

SERVER = "server"  # owner of the client ids under which the server itself writes


class TooLargeForRoomError(Exception):
    """The document would be over its size limit."""


class Content:
    """One document's content. Methods that need it in memory raise `ReplicaError` when it is not."""

    __slots__ = (
        "_body",
        "_full_state",
        "_gate",
        "_max_bytes",
        "_replica",
        "_size_bound",
        "_stored",
        "_text",
    )

    def __init__(self, stored: Stored, max_bytes: int) -> None:
        self._stored: bytes | None = stored.state
        self._replica: Replica | None = None
        self._gate = Gate(stored.clocks, stored.owners, read_state=self._read_state if stored.seq else None)
        self._max_bytes = max_bytes
        # Never less than the text's size once what the gate let through is applied; deletions are only counted when it matters.
        self._size_bound = 0
        self._full_state: bytes | None = None
        # What it says, until it changes: a text that is read or written over HTTP is asked for several times.
        self._body: str | None = None
        self._text: tuple[Shape, LiveText] | None = None

    # ---- memory ----

    @property
    def in_memory(self) -> bool:
        """Whether it can be read without asking the database."""
        return self._replica is not None or self._stored is not None

    @property
    def writable(self) -> bool:
        """Whether updates can be checked and applied."""
        return self._replica is not None

    @property
    def stored(self) -> bytes | None:
        """The stored bytes that no replica was made of yet."""
        return self._stored

    def load(self, state: bytes) -> None:
        """Make the replica, if there is none."""
        if self._replica is None:
            self._replica = Replica(state)
            self._stored = None
            self._size_bound = self._replica.size()

    def renew(self, stored: Stored) -> None:
        """Bring what is stored into memory, where nothing is, with what others have added to it."""
        self._gate = Gate(stored.clocks, stored.owners, read_state=self._read_state if stored.seq else None)
        self.load(stored.state)

    def drop(self) -> None:
        """Let go of everything but the clocks and their owners."""
        self._replica = self._stored = None
        self._changed()
        self._gate = Gate(self._gate.clocks, self._gate.owners, read_state=self._read_state)

    def _changed(self) -> None:
        self._full_state = self._body = self._text = None

    def _need(self) -> Replica:
        if self._replica is None:
            if self._stored is None:
                raise ReplicaError("the document is not in memory")
            self.load(self._stored)
        assert self._replica is not None  # noqa: S101 - load made it
        return self._replica

    def _read_state(self, state_vector: bytes | None) -> bytes:
        return self._need().state(state_vector or EMPTY_STATE_VECTOR)

    # ---- the gate ----

    def claimed(self) -> bytes:
        """The state vector of all that was let in, committed or not yet."""
        return self._gate.state_vector()

    def check(self, update: bytes, user_id: str) -> Verdict:
        """The gate's verdict; changes nothing. Raises `GateError`, or `TooLargeForRoomError`."""
        verdict = self._gate.check(update, user_id)
        if (
            verdict.kind is Kind.NEW
            and verdict.added_bytes
            and self._size_bound + verdict.added_bytes > self._max_bytes
        ):
            raise TooLargeForRoomError
        return verdict

    def recount(self) -> None:
        """Bring the size bound down to the text's size; only when everything that was admitted is applied."""
        self._size_bound = self._need().size()

    def admit(self, update: bytes, verdict: Verdict, *, reduce: bool) -> bytes:
        """Let a NEW update in; gives what of it is to be applied, without what is known already when `reduce` is asked."""
        if reduce or not verdict.tidy:
            update = self._gate.reduce(update, verdict)
        self._gate.commit(verdict)
        self._size_bound += verdict.added_bytes
        return update

    def admit_in_pieces(self, update: bytes, verdict: Verdict) -> tuple[bytes, Iterator[bytes]]:
        """As `admit`, with the parts in which a large update is to be applied."""
        pieces = list(self._gate.pieces(update, verdict))
        return self.admit(update, verdict, reduce=True), iter(pieces)

    # ---- the replica ----

    def apply(self, update: bytes) -> None:
        """Apply an update, or a part of one, that was admitted."""
        replica = self._replica
        (replica if replica is not None else self._need()).apply(update)
        self._full_state = self._body = self._text = None

    def judge_stored(self, update: bytes, keystrokes: Keystrokes | None = None) -> Verdict:
        """The gate's verdict on an update that another server has committed, which was let in there; changes nothing.

        With what that server says of its `keystrokes` it need not be read.
        """
        verdict = None if keystrokes is None else self._gate.check_keystrokes(keystrokes)
        return verdict or self._gate.check_stored(update)

    def follow(self, update: bytes, verdict: Verdict) -> bool:
        """Apply an update that another server has committed; tells whether it was news here.

        It is applied in any case: what is known only because it was let in here, too, must not hang on our own commit.
        """
        self.apply(update)
        self.followed(verdict)
        return verdict.kind is Kind.NEW

    def parts_of(self, update: bytes) -> tuple[Verdict, list[bytes]]:
        """A verdict as `judge_stored`'s, and the parts in which a large update is to be applied; may run on a thread."""
        verdict = self._gate.check_stored(update)
        return verdict, [] if verdict.kind is Kind.GAP else list(self._gate.all_pieces(update))

    def followed(self, verdict: Verdict) -> None:
        """What was judged by `judge_stored` is applied. Raises `ReplicaError`."""
        if verdict.kind is Kind.GAP:
            raise ReplicaError("a row of the log builds on something that no row before it holds")
        if verdict.kind is Kind.NEW:
            self._gate.commit(verdict)
            self._size_bound += verdict.added_bytes

    def learn_owners(self, owners: dict[int, str]) -> None:
        """Whose client ids are, as the database says."""
        self._gate.owners.update(owners)

    def fork(self) -> "Fork":
        """A copy to edit, before it is known whether the edit can be committed as it is."""
        return Fork(self._need(), self._gate.clocks)

    def adopt(self, update: bytes) -> None:
        """Apply what a fork made, now that it is committed."""
        verdict = self._gate.check(update, SERVER)
        self.apply(update)
        self._gate.commit(verdict)
        self._size_bound = self._need().size()

    def edit(self, edits: list[Edit]) -> tuple[bytes, tuple[int, ...]]:
        """Edit the text as the server; gives the update and the client ids that are new with it."""
        replica = self._need()
        update = replica.edit(edits)
        self._changed()
        new_clients = self._gate.learn_edit(update, replica.client_id, SERVER)
        # By how much it grew, not its size: something that was let in may wait to be applied.
        self._size_bound += sum(len(edit.inserted.encode()) - edit.deleted for edit in edits)
        return update, new_clients

    def state_for(self, state_vector: bytes) -> bytes:
        """Everything that a peer at `state_vector` has not."""
        if state_vector != EMPTY_STATE_VECTOR:
            return (
                self._replica.state(state_vector)
                if self._replica
                else difference(self._stored or EMPTY_UPDATE, state_vector)
            )
        if self._replica is None:
            return self._stored or EMPTY_UPDATE
        if self._full_state is None:
            self._full_state = self._replica.state()
        return self._full_state

    def state_vector(self) -> bytes:
        """The state vector of what is applied."""
        return self._need().state_vector()

    def body(self) -> str:
        """The text without its shape."""
        if self._body is None:
            self._body = self._need().text()
        return self._body

    def text(self, shape: Shape, epoch: str) -> LiveText:
        """The exact text, as it is with `shape`."""
        if self._text is None or self._text[0] != shape:
            self._text = (shape, describe(self.body(), shape, epoch))
        return self._text[1]

    def remember(self, body: str, shape: Shape, text: LiveText) -> None:
        """What it says now, for whom it was just made so."""
        self._body, self._text = body, (shape, text)


class Fork:
    """A copy of a document's content, edited as the server."""

    def __init__(self, original: Replica, clocks: dict[int, int]) -> None:
        # Under the original's client id, at the clock where that stands: nobody has seen an edit that was not committed.
        self._replica = Replica(original.state(), client_id=original.client_id)
        self._is_new = original.client_id not in clocks

    def body(self) -> str:
        """See `Content.body`."""
        return self._replica.text()

    def text(self, shape: Shape, epoch: str) -> LiveText:
        """See `Content.text`."""
        return describe(self.body(), shape, epoch)

    def remember(self, body: str, shape: Shape, text: LiveText) -> None:
        """Nothing: a copy is not read again."""

    def edit(self, edits: list[Edit]) -> tuple[bytes, tuple[int, ...]]:
        """See `Content.edit`."""
        return self._replica.edit(edits), (self._replica.client_id,) if self._is_new else ()


def describe(body: str, shape: Shape, epoch: str) -> LiveText:
    """The exact text with its ETag."""
    exact = compose(body, shape)
    data = exact.encode()
    return LiveText(exact, etag_of(data), len(data), shape.eol, epoch)
