"""Writing what is in memory where others read it: the text for search and export, the folded log for a fast start."""

import asyncio
from collections.abc import Sequence

import structlog

from mdreader.db.engine import Database
from mdreader.features.collab import folding
from mdreader.features.collab.bulk import Breath
from mdreader.features.collab.room import Room
from mdreader.features.documents.files import mark_files
from mdreader.features.documents.service import record_text
from mdreader.features.workspaces.revisions import SEVERAL
from mdreader.jobs.queue import Jobs
from mdreader.kernel.clock import Clock
from mdreader.kernel.errors import NotFoundError, UnavailableError
from mdreader.kernel.failpoints import hit

log = structlog.get_logger(__name__)

# Seconds without a commit after which a document is quiet, and the longest that a busy one waits.
QUIET_SECONDS = 2.0
LATEST_SECONDS = 30.0
# So long after another server's last row: that one stores the text, and if it does not come to that, we do.
FOLLOWED_SECONDS = 15.0
# One transaction stores so many texts, or so many bytes of them: it runs on the event loop, and others want to go on in between.
ROOMS_AT_ONCE = 25
BYTES_AT_ONCE = 1_000_000
# A log of so many rows is folded into a snapshot.
FOLD_ROWS = 500


class Projector:
    """Stores captures of rooms. A failure is logged and tried again at the next turn; the log has everything meanwhile."""

    def __init__(self, database: Database, clock: Clock, jobs: Jobs) -> None:
        self._database = database
        self._clock = clock
        self._jobs = jobs
        self._turn = asyncio.Lock()

    def is_due(self, room: Room, now: float) -> bool:
        """Whether a room has something to project; `now` is loop time."""
        if room.dead:
            return False
        if not room.position.dirty_since:
            followed = room.position.followed_since
            return bool(followed) and now - max(followed, room.position.changed_at) >= FOLLOWED_SECONDS
        return now - room.position.changed_at >= QUIET_SECONDS or now - room.position.dirty_since >= LATEST_SECONDS

    async def project(self, rooms: Sequence[Room], *, fold: bool = False) -> None:
        """Store the text of `rooms`, and fold their logs when they are long, or in any case with `fold`."""
        # In turns: a capture that waited for another room must not be stored over a newer one, whose rows are folded and gone.
        async with self._turn:
            await self._project(rooms, fold=fold)

    async def _project(self, rooms: Sequence[Room], *, fold: bool) -> None:
        captures: list[tuple[Room, folding.Capture]] = []
        size = 0
        breath = Breath()
        for room in rooms:
            way = room.position
            wanted = way.dirty_since or way.followed_since or (fold and way.log_rows) or room.projected_seq != room.seq
            if not wanted or room.dead:
                continue
            try:
                capture = await room.capture(fold=fold or room.position.log_rows >= FOLD_ROWS)
            except (UnavailableError, NotFoundError):  # it ended meanwhile, and said why
                continue
            captures.append((room, capture))
            await breath.take()
            size += capture.text.size + len(capture.state or b"")
            if len(captures) == ROOMS_AT_ONCE or size > BYTES_AT_ONCE:
                await self._store(captures)
                captures, size = [], 0
        if captures:
            await self._store(captures)

    async def _store(self, captures: Sequence[tuple[Room, folding.Capture]]) -> None:
        now = self._clock.now()
        hit("projection.captured")
        try:
            async with self._database.write() as tx:
                if len(captures) > 1:
                    await tx.take_turn(SEVERAL)
                older = await folding.store_captures(tx, [capture for _, capture in captures])
                hit("projection.before_tree")
                unrecorded = [
                    (room, capture)
                    for room, capture in captures
                    if capture.seq > room.position.recorded_seq and room.document_id in older
                ]
                for room, capture in unrecorded:
                    await record_text(
                        tx,
                        room.document_id,
                        text=capture.text.text,
                        size=capture.text.size,
                        user_id=room.pipeline.last_writer,
                        at=now,
                    )
                # Here and not with each write: a text is worth a file once it is quiet.
                await mark_files(
                    self._jobs, tx, [room.document_id for room, _ in captures if room.document_id in older]
                )
        except Exception:
            log.exception("projection_failed", documents=len(captures))
            return
        for room, capture in captures:
            room.projected(capture)
