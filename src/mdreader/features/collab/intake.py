"""Rows that other servers have stored: into the document, a stretch of the loop's time at once, and onto the screens here."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from mdreader.features.collab.bulk import BULK_BYTES, Breath
from mdreader.features.collab.content import Content
from mdreader.features.collab.pipeline import BROKEN
from mdreader.features.collab.replica import EMPTY_UPDATE, ReplicaError, difference, merged
from mdreader.features.collab.storage import Stored
from mdreader.features.collab.verdict import Verdict

if TYPE_CHECKING:
    from mdreader.features.collab.connection import Connection
    from mdreader.features.collab.room import Room

# A row of more pieces is applied in parts. More than what one person may send at once: a row holds what several have typed.
ROW_PIECES: Final = 128
# What a large row is made of: the gate's verdict and its parts.
Parts = tuple[Verdict, list[bytes]]


class Intake:
    """Of one room, whose document is in memory. Nothing is judged again: it was let in where it came from."""

    def __init__(self, room: "Room", content: Content) -> None:
        self._room = room
        self._content = content
        self._unseen: list[bytes] = []  # rows that nobody here was shown yet
        self._showing: asyncio.TimerHandle | None = None

    def end(self) -> None:
        """Show nothing more."""
        if self._showing is not None:
            self._showing.cancel()

    # ---- into the document ----

    def apply(self, row: bytes) -> bool:
        """Take in the next row. False when it is too large for one go: it is on its way, or waits until no commit is."""
        room = self._room
        if len(row) <= BULK_BYTES:
            verdict = self._content.judge_stored(row)
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

    def show_soon(self) -> None:
        """Show what others wrote: with many people, in one frame with what is committed here in the next moment."""
        if not self._unseen or self._showing is not None:
            return
        pipeline = self._room.pipeline
        # It has waited for company on its own server; here it waits only to go along with what is sent anyway.
        wait = pipeline.wait() if pipeline.shows_soon else 0
        if wait:
            self._showing = asyncio.get_running_loop().call_later(wait, self._show)
        else:
            self._show()

    def _show(self) -> None:
        self._showing = None
        if self._unseen and not self._room.dead:
            last = self._unseen.pop()
            self._room.broadcast(last, None)

    def joined(self, update: bytes, author: "Connection | None") -> "tuple[bytes, Connection | None]":
        """A committed update with what waits to be shown, and whom it need not be shown to."""
        if not self._unseen:
            return update, author
        unseen, self._unseen = self._unseen, []
        return merged([*unseen, update]), None
