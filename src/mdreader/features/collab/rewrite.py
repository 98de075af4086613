"""A text that is to replace the live one: what `PUT content` asks of a room."""

import asyncio
from dataclasses import dataclass

from mdreader.db.engine import Transaction
from mdreader.features.collab.content import SERVER, Content, Fork, describe
from mdreader.features.collab.diff import SHORT_TIME_LIMIT, Edit, Middle, edits_between, middle_between
from mdreader.features.collab.text import Shape, decompose
from mdreader.kernel.errors import AppError, PreconditionFailedError
from mdreader.ports.live import LiveText, Record


@dataclass(frozen=True, slots=True)
class Change:
    """What a rewrite did to the document."""

    update: bytes | None = None
    new_clients: tuple[int, ...] = ()
    shape: Shape | None = None


class Rewrite:
    """Applied in a room's flush, told when the commit is done. `done` gives the text, or raises."""

    owner = SERVER

    def __init__(self, exact: str, expected_etag: str | None, user_id: str, record: Record | None = None) -> None:
        self.user_id = user_id
        self.tries = 0  # times that it was made, and the log had moved on
        self.changed = False  # whether it changed anything, when it was made last
        self.recording = False  # whether it has something to write beside the text
        self._record = record
        self.done: asyncio.Future[LiveText] = asyncio.get_running_loop().create_future()
        self._expected_etag = expected_etag
        self._body, self._shape = decompose(exact)
        self._middle: Middle | None = None
        self._prepared: tuple[str, list[Edit]] | None = None
        self._result: LiveText | AppError | None = None

    @property
    def conditional(self) -> bool:
        """Whether it replaces one certain text only."""
        return self._expected_etag is not None

    def differs_much(self, body: str) -> bool:
        """Whether the diff against `body` should be made ahead of time, by `prepare`."""
        self._middle = middle_between(body, self._body)
        return self._middle.is_large

    def prepare(self, body: str) -> None:
        """Make the diff against `body` ahead of time; for a thread. Used if the text is still that when it is applied."""
        self._prepared = (body, edits_between(body, self._body, middle=self._middle))

    def apply(self, content: Content | Fork, shape: Shape, epoch: str) -> Change:
        """Edit `content`, or decide that the precondition does not hold. Raises `ReplicaError`."""
        self.changed = self.recording = False
        body = content.body()
        current = content.text(shape, epoch)
        if self._expected_etag is not None and self._expected_etag != current.etag:
            self._result = PreconditionFailedError(
                "The document has changed since you read it. Read it again, apply your change to it, and send it with the new ETag.",
                headers={"ETag": f'"{current.etag}"'},
            )
            return Change()
        if self._prepared is not None and self._prepared[0] == body:
            edits = self._prepared[1]
        else:
            # Somebody typed meanwhile. Here on the loop there is time for a coarse answer only.
            edits = edits_between(body, self._body, SHORT_TIME_LIMIT, middle=self._middle)
        self._result = describe(self._body, self._shape, epoch)
        update, new_clients = content.edit(edits) if edits else (None, ())
        content.remember(self._body, self._shape, self._result)
        new_shape = self._shape if self._shape != shape else None
        self.changed = update is not None or new_shape is not None
        self.recording = self._record is not None and self.changed
        return Change(update, new_clients, new_shape)

    async def record(self, tx: Transaction) -> None:
        """Write what is to stand beside the text, in the transaction that stores it."""
        if self._record is not None and isinstance(self._result, LiveText):
            await self._record(tx, self._result)

    def settle(self) -> None:
        """What it was compared with, and what it wrote, is on the disk: answer."""
        if self.done.done():
            return
        if isinstance(self._result, AppError):
            self.done.set_exception(self._result)
        elif self._result is not None:
            self.done.set_result(self._result)

    def fail(self, error: AppError) -> None:
        """It was not stored."""
        if not self.done.done():
            self.done.set_exception(error)
