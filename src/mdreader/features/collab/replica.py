"""One document's Yjs state in memory: the only module that touches pycrdt.

Nothing reaches it before the gate. What pycrdt still refuses may have left the document half changed, and its panics are
`BaseException`s: both come out as `ReplicaError`, after which the replica must be thrown away.
"""

import secrets
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Final

from pycrdt import Doc, Text, TransactionEvent, merge_updates
from pycrdt import get_update as _difference

from mdreader.features.collab.diff import Edit

EMPTY_STATE_VECTOR = b"\x00"
EMPTY_UPDATE = b"\x00\x00"
TEXT_NAME = "content"


class ReplicaError(Exception):
    """pycrdt refused an update, or panicked."""


def _refused(error: BaseException) -> ReplicaError:
    return ReplicaError(f"{type(error).__name__}: {error}"[:200])


class _Guard(AbstractContextManager[None]):
    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        # A panic of the Rust side is no Exception.
        if error is not None and not isinstance(error, (KeyboardInterrupt, SystemExit)):
            raise _refused(error) from error


_GUARDED: Final = _Guard()


def merged(updates: Sequence[bytes]) -> bytes:
    """One update with everything in `updates` (at least one). Raises `ReplicaError`."""
    if len(updates) == 1:
        return updates[0]
    with _GUARDED:
        return merge_updates(*updates)


def difference(update: bytes, state_vector: bytes) -> bytes:
    """What `update` has and a peer at `state_vector` has not, without building a document. Raises `ReplicaError`."""
    with _GUARDED:
        return _difference(update, state_vector)


class Replica:
    """A Yjs document with one text, `content`. Every method raises `ReplicaError`."""

    __slots__ = ("_doc", "_lock", "_native", "_text")

    def __init__(self, state: bytes | None = None, *, client_id: int | None = None) -> None:
        with _GUARDED:
            # A fresh client id each time: one that was used before a restart must never write again.
            # Threads: the gate reads it from one when it checks a large update.
            self._doc: Doc[Text] = Doc(client_id=client_id or secrets.randbits(31) + 1, allow_multithreading=True)
            # What `Doc` itself works with; see `apply`, and tests/contract/test_pycrdt.py.
            self._native, self._lock = self._doc._doc, self._doc._txn_lock  # noqa: SLF001
            self._text = self._doc.get(TEXT_NAME, type=Text)
            if state is not None:
                self._doc.apply_update(state)

    @property
    def client_id(self) -> int:
        """The client id under which `edit` writes."""
        return self._doc.client_id

    def apply(self, update: bytes) -> None:
        """Apply an update that the gate let through."""
        # As `Doc.apply_update`, without what that makes around each keystroke: it costs as much as the work itself. So would `_GUARDED`.
        try:
            with self._lock:
                transaction = self._native.create_transaction()
                try:
                    self._native.apply_update(transaction, update)
                    transaction.commit()
                finally:
                    transaction.drop()
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:
            raise _refused(error) from error

    def text(self) -> str:
        """The whole text."""
        with _GUARDED:
            return str(self._text)

    def size(self) -> int:
        """UTF-8 bytes of the text; does not build it."""
        with _GUARDED:
            return len(self._text)

    def state(self, state_vector: bytes = EMPTY_STATE_VECTOR) -> bytes:
        """Everything that a peer at `state_vector` has not, as one update."""
        with _GUARDED:
            return self._doc.get_update(state_vector)

    def state_vector(self) -> bytes:
        """The document's state vector."""
        with _GUARDED:
            return self._doc.get_state()

    def edit(self, edits: Sequence[Edit]) -> bytes:
        """Make `edits` (at least one) under the server's own client id; answers the update that carries exactly them."""
        made: list[bytes] = []

        def keep(event: TransactionEvent) -> None:
            made.append(event.update)

        with _GUARDED:
            # Observed for this one transaction: a state-vector difference would carry the document's whole delete set, and an observer
            # that stays costs each transaction more the more clients a document has had.
            subscription = self._doc.observe(keep)
            try:
                with self._doc.transaction():
                    for edit in edits:
                        if edit.deleted:
                            del self._text[edit.index : edit.index + edit.deleted]
                        if edit.inserted:
                            self._text.insert(edit.index, edit.inserted)
            finally:
                self._doc.unobserve(subscription)
        if len(made) != 1:
            raise ReplicaError(f"{len(made)} updates for one transaction")
        return made[0]


def seed_update(text: str) -> bytes | None:
    """The first update of a document that starts as `text`; None for an empty one. Called once, in the creating transaction."""
    return Replica().edit([Edit(0, 0, text)]) if text else None
