"""Rows that other servers have stored: into the document, a stretch of the loop's time at once, and onto the screens here."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from mdreader.features.collab.bulk import BULK_BYTES, Breath
from mdreader.features.collab.content import Content
from mdreader.features.collab.keystrokes import Keystrokes
from mdreader.features.collab.pipeline import BROKEN
from mdreader.features.collab.replica import EMPTY_UPDATE, ReplicaError, difference, merged
from mdreader.features.collab.storage import Stored
from mdreader.features.collab.verdict import Verdict

if TYPE_CHECKING:
    from mdreader.features.collab.connection import Connection
    from mdreader.features.collab.room import Room

# A row of more pieces is applied in parts. More than what one person may send at once: a row holds what several have typed.
ROW_PIECES: Final = 128
# Seconds that a frame waits for what other servers commit in the same moment.
GATHER: Final = 0.008
# What a large row is made of: the gate's verdict and its parts.
Parts = tuple[Verdict, list[bytes]]


class Intake:
    """Of one room, whose document is in memory. Nothing is judged again: it was let in where it came from."""

    def __init__(self, room: "Room", content: Content) -> None:
        self._room = room
        self._content = content
        self._unseen: list[bytes] = []  # rows that nobody here was shown yet
        self._showing: asyncio.TimerHandle | None = None
        self._author: Connection | None = None  # of what waits to be shown, if that is one person's
        self._own = False  # whether a commit of ours waits to be shown
        self._rows = 0  # how many of others do
        self._expected = 0  # how many were shown the last time

    def end(self) -> None:
        """Show nothing more."""
        if self._showing is not None:
            self._showing.cancel()

    # ---- into the document ----

    def apply(self, row: bytes, keystrokes: Keystrokes | None = None) -> bool:
        """Take in the next row, with what was said of it.

        False when it is too large for one go: it is on its way, or waits until no commit is.
        """
        room = self._room
        if len(row) <= BULK_BYTES:
            verdict = self._content.judge_stored(row, keystrokes)
            if verdict.size <= ROW_PIECES:
                news = row != EMPTY_UPDATE and self._content.follow(row, verdict)
                self._followed(row if news else EMPTY_UPDATE)
                return True
        if room.pipeline.in_flight:
            return False
        self._begin(lambda: self._content.parts_of(row), lambda: self._followed(row))
        return False

    def _followed(self, news: bytes) -> None:
        room = self._room
        room.pipeline.followed(room.seq + 1)
        self._see(news)

    def apply_all(self, stored: Stored) -> None:
        """Take in everything that is stored: rows that are missing here were folded away. Begins it, while no commit is under way."""
        try:
            known = self._content.state_vector()
        except ReplicaError as error:
            self._room.broken(BROKEN, f"replica: {error}")
            return

        def parts() -> Parts:
            news.append(difference(stored.state, known))
            return self._content.parts_of(news[0])

        def done() -> None:
            self._room.position.followed_all(stored, asyncio.get_running_loop().time())
            self._see(news[0])

        news: list[bytes] = []
        self._content.learn_owners(stored.owners)
        self._begin(parts, done)

    def renew(self, stored: Stored) -> None:
        """Start again from what is stored, while nothing is in memory. Raises `ReplicaError`."""
        room = self._room
        before = self._content.claimed()
        self._content.renew(stored)
        if stored.seq > room.seq:
            room.position.followed_all(stored, asyncio.get_running_loop().time())
            self._see(difference(stored.state, before))
            self.show_soon()

    def _begin(self, parts: Callable[[], Parts], done: Callable[[], None]) -> None:
        self._room.hold()
        self._room.spawn(self._in_parts(parts, done))

    async def _in_parts(self, parts: Callable[[], Parts], done: Callable[[], None]) -> None:
        """Read something large on a thread and apply it part by part. The room's own messages and commits wait meanwhile."""
        room = self._room
        try:
            verdict, pieces = await asyncio.to_thread(parts)
            breath = Breath()
            for piece in pieces:
                if room.dead:
                    return
                self._content.apply(piece)
                await breath.take()
            self._content.followed(verdict)
            if not room.dead:
                done()
                self.show_soon()
        except Exception as error:  # noqa: BLE001 - whatever it is, the document may be half of what it was
            room.broken(BROKEN, f"after row {room.seq}: {type(error).__name__}: {error}")
        finally:
            room.let_go()

    # ---- onto the screens ----

    def _see(self, update: bytes) -> None:
        if update != EMPTY_UPDATE:
            self._unseen.append(update)
            self._author = None
            self._rows += 1

    def show(self, update: bytes, author: "Connection | None") -> None:
        """Show a committed update of ours, with what waits to be shown. Raises `ReplicaError`."""
        self._author = None if self._unseen else author
        self._unseen.append(update)
        self._own = True
        if self._room.pipeline.gathers:
            self.show_soon()
        else:
            self._show()

    def show_soon(self) -> None:
        """Show what others wrote: with many people, in one frame with what is committed here and by others in the same moment."""
        if not self._unseen:
            return
        pipeline = self._room.pipeline
        if self._own and self._rows >= self._expected:
            wait = 0.0
        elif pipeline.gathers:
            wait = GATHER
        else:
            wait = pipeline.wait() if pipeline.shows_soon else 0
        if not wait:
            self._show_what_waits()
        elif self._showing is None:
            self._showing = asyncio.get_running_loop().call_later(wait, self._show_what_waits)

    def _show_what_waits(self) -> None:
        try:
            self._show()
        except ReplicaError as error:  # who was shown what is not known any more: everybody reads it anew
            self._room.broken(BROKEN, f"shown by half: {error}")

    def _show(self) -> None:
        if self._showing is not None:
            self._showing.cancel()
            self._showing = None
        self._expected, self._rows, self._own = self._rows, 0, False
        unseen, self._unseen = self._unseen, []
        author, self._author = self._author, None
        if unseen and not self._room.dead:
            self._room.send_update(merged(unseen), author)
