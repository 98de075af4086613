"""What a room does with the messages of its connections.

Some must wait: for the document to come into memory, for a large update, or for the commit that decides whether there is space.
"""

import asyncio
import time
from functools import partial
from typing import TYPE_CHECKING, Final

import structlog

from mdreader.features.collab import protocol
from mdreader.features.collab.bulk import BULK_BYTES, BULK_PIECES, STRETCH, Breath, Bulk, Stage
from mdreader.features.collab.closing import CloseCode
from mdreader.features.collab.content import Content, TooLargeForRoomError
from mdreader.features.collab.gate import Kind, check_state_vector
from mdreader.features.collab.held import Held
from mdreader.features.collab.hosts import ReceptionHost
from mdreader.features.collab.pipeline import BROKEN, Pipeline
from mdreader.features.collab.protocol import FrameKind
from mdreader.features.collab.replica import EMPTY_UPDATE, ReplicaError
from mdreader.features.collab.storage import Stored
from mdreader.features.collab.varint import ProtocolError
from mdreader.features.collab.verdict import Verdict

if TYPE_CHECKING:
    from mdreader.features.collab.connection import Connection
    from mdreader.features.collab.room import Surroundings

log = structlog.get_logger(__name__)

# To ask the enum each time costs a look-up.
_UPDATE: Final = FrameKind.UPDATE
_STEP2: Final = FrameKind.STEP2
_NEW: Final = Kind.NEW
_GAP: Final = Kind.GAP
# Saved markers kept for a client that is behind; it asks again with the next one.
HELD_MARKERS = 64


class Reception:
    """Between the sockets of a room and its pipeline."""

    __slots__ = (
        "_around",
        "_content",
        "_held",
        "_host",
        "_loading",
        "_loop",
        "_pipeline",
        "_resting",
    )

    def __init__(self, host: ReceptionHost, content: Content, pipeline: Pipeline, surroundings: "Surroundings") -> None:
        self._host = host
        self._content = content
        self._pipeline = pipeline
        self._around = surroundings
        self._loop = asyncio.get_running_loop()
        self._loading: asyncio.Future[Stored | None] | None = None
        self._held: Held | None = None
        self._resting = False  # between two stretches of messages that were held

    @property
    def busy(self) -> bool:
        """Whether messages wait, or the document is on its way into memory."""
        return self._loading is not None or self._held is not None

    # ---- messages ----

    @property
    def holds(self) -> bool:
        """Whether messages wait."""
        return self._held is not None

    def receive(self, connection: "Connection", payload: bytes) -> None:
        """Take one message of a connection that has joined."""
        if self._held is not None:
            self._keep(connection, payload)
            return
        try:
            kind, body = protocol.decode(payload)
            if kind is _UPDATE or kind is _STEP2:
                self._receive_update(connection, payload, body, step2=kind is _STEP2)
            elif kind is FrameKind.AWARENESS:
                self._host.show(connection, body)
            elif kind is FrameKind.SAVED_MARKER:
                self._receive_marker(connection, payload)
            elif kind is FrameKind.STEP1:
                self._receive_step1(connection, payload, body)
            else:
                self._host.tell_everyone(connection)
        except ProtocolError as error:
            self._refuse(connection, error.code)
        except ReplicaError as error:
            self._host.broken(BROKEN, f"replica: {error}")

    def _keep(self, connection: "Connection", payload: bytes) -> None:
        """Have a message wait until it can be looked at."""
        worst = self.hold().add(connection, payload)
        if worst is not None:
            log.warning("too_much_held", document_id=self._host.document_id, user_id=worst.person.user_id)
            worst.close(
                CloseCode.TOO_MANY_MESSAGES, "too much at once while the document is busy: come back in a moment"
            )
            self.left(worst)

    def left(self, connection: "Connection") -> None:
        """A connection has left the room: nothing of it is waited for."""
        if self._held is not None:
            self._held.drop(connection)

    def _refuse(self, connection: "Connection", code: str) -> None:
        log.warning("message_refused", code=code, document_id=self._host.document_id, user_id=connection.person.user_id)
        connection.close(CloseCode.REFUSED, code)

    def _receive_update(self, connection: "Connection", payload: bytes, update: bytes, *, step2: bool) -> None:
        if update == EMPTY_UPDATE:
            if step2:
                self._caught_up(connection)
            return
        if not connection.can_write:
            # A stock client that only reads still answers with the deletions it knows of; those are left, not punished.
            if not (step2 and update.startswith(b"\x00")):
                connection.close(CloseCode.FORBIDDEN, "you may read this document, not change it")
            return
        if not self._content.writable:
            self._hold(connection, payload)
        elif len(update) > BULK_BYTES:
            self._take_slowly(connection, payload, update, step2=step2)
        else:
            verdict: Verdict | None
            try:
                verdict = self._content.check(update, connection.person.user_id)
            except TooLargeForRoomError:
                verdict = self._judge_again(connection, payload, update)
            if verdict is None:
                return
            if verdict.size > BULK_PIECES:
                self._take_slowly(connection, payload, update, step2=step2)
            else:
                self._take(connection, update, verdict, step2=step2)

    def _judge_again(self, connection: "Connection", payload: bytes, update: bytes) -> Verdict | None:
        """The gate's verdict, or None when the update does make the document too large, or waits until that can be told."""
        if self._pipeline.unapplied:  # a deletion may be on its way
            self._keep(connection, payload)
            return None
        self._content.recount()
        try:
            return self._content.check(update, connection.person.user_id)
        except TooLargeForRoomError:
            self._refuse_size(connection)
            return None

    def _refuse_size(self, connection: "Connection") -> None:
        connection.close(CloseCode.TOO_LARGE, f"a document holds at most {self._around.max_document_bytes} bytes")

    def _take(self, connection: "Connection", update: bytes, verdict: Verdict, *, step2: bool) -> None:
        kind = verdict.kind
        if kind is _GAP:
            self._ask_for_more(connection, step2=step2)
            return
        if kind is _NEW:
            # The answer to a step 1 repeats every deletion the client knows of; only what is news is worth a row and a frame.
            self._pipeline.take(self._content.admit(update, verdict, reduce=step2), connection, verdict)
        if step2:
            self._caught_up(connection)

    def _ask_for_more(self, connection: "Connection", *, step2: bool) -> None:
        if step2 and connection.behind:
            connection.close(CloseCode.EPOCH_CHANGED, "this copy does not fit the document")
            return
        connection.behind = True
        connection.send(protocol.encode_step1(self._content.claimed()))

    def _caught_up(self, connection: "Connection") -> None:
        if connection.behind:
            connection.behind = False
            markers, connection.held_markers = connection.held_markers or [], None
            for marker in markers:
                self._pipeline.when_stored(partial(connection.send, marker))

    def _receive_marker(self, connection: "Connection", payload: bytes) -> None:
        if connection.behind:
            connection.held_markers = [*(connection.held_markers or [])[-HELD_MARKERS + 1 :], payload]
        else:
            self._pipeline.when_stored(partial(connection.send, payload))

    def _receive_step1(self, connection: "Connection", payload: bytes, state_vector: bytes) -> None:
        check_state_vector(state_vector)
        if not self._content.in_memory:
            self._hold(connection, payload)
        else:
            self._pipeline.settling.when(partial(self._answer_step1, connection, state_vector))

    def _answer_step1(self, connection: "Connection", state_vector: bytes) -> None:
        """Send what the client lacks of the committed state; from here on it gets every commit."""
        if connection not in self._host.connections:
            return
        if not self._content.in_memory:  # dropped while the answer waited
            self._hold(connection, protocol.encode_step1(state_vector))
            return
        try:
            state = self._content.state_for(state_vector)
        except ReplicaError as error:  # here, because the answer may have waited for a commit that others wait for, too
            self._host.broken(BROKEN, f"replica: {error}")
            return
        connection.send_large(protocol.encode_step2(state))
        connection.live = True

    # ---- large updates ----

    def _take_slowly(self, connection: "Connection", payload: bytes, update: bytes, *, step2: bool) -> None:
        """Check a large update on a thread and apply it in parts, so that other rooms go on; this one holds its messages meanwhile."""
        if self._pipeline.bulk is not None:  # the last one is applied, but not on its way yet
            self._keep(connection, payload)
            return
        self.hold()
        bulk = Bulk(connection, update, step2=step2)
        self._around.spawn(self._take_bulk(bulk))
        self._pipeline.take_bulk(bulk)

    async def _take_bulk(self, bulk: Bulk) -> None:
        await bulk.turn
        try:
            verdict = None if self._host.dead else await self._judge_bulk(bulk)
            if verdict is not None and verdict.kind is Kind.NEW:
                news, pieces = await asyncio.to_thread(self._content.admit_in_pieces, bulk.update, verdict)
                breath = Breath()
                for piece in pieces:
                    if self._host.dead:
                        return
                    self._content.apply(piece)
                    await breath.take()
                self._pipeline.claim(verdict)
                bulk.news, bulk.stage = news, Stage.APPLIED
            elif verdict is not None and verdict.kind is Kind.GAP:
                self._ask_for_more(bulk.connection, step2=bulk.step2)
            if verdict is not None and verdict.kind is not Kind.GAP and bulk.step2:
                self._caught_up(bulk.connection)
        except ProtocolError as error:
            self._refuse(bulk.connection, error.code)
        except ReplicaError as error:
            self._refuse(bulk.connection, "refused")
            self._host.broken(BROKEN, f"replica: {error}")
        finally:
            if bulk.stage is not Stage.APPLIED:
                self._pipeline.bulk = None
            self._release()

    async def _judge_bulk(self, bulk: Bulk) -> Verdict | None:
        check = partial(self._content.check, bulk.update, bulk.connection.person.user_id)
        try:
            return await asyncio.to_thread(check)
        except TooLargeForRoomError:
            self._content.recount()
        try:
            return await asyncio.to_thread(check)
        except TooLargeForRoomError:
            self._refuse_size(bulk.connection)
            return None

    # ---- memory ----

    def _hold(self, connection: "Connection", payload: bytes) -> None:
        """Keep messages, in their order, until the document is in memory."""
        self._keep(connection, payload)
        self.bring_in()

    def hold(self) -> Held:
        """Keep messages from now on, until `let_go` or the end of a large update."""
        if self._held is None:
            self._held = Held(2 * self._around.max_document_bytes + 1_000_000)  # the largest message there may be
        return self._held

    def let_go(self) -> None:
        """Go on with the messages that were held, unless a large update is before them."""
        if self._host.dead:
            return
        if self._pipeline.bulk is None:
            self._release()
        else:
            self._go_on()

    def bring_in(self) -> None:
        """Begin to bring the document into memory, if that has not begun."""
        if self._loading is None:
            self._loading = self._loop.create_future()
            self._loading.add_done_callback(self._loaded)
            if self._content.stored is not None:
                self._loading.set_result(None)
            else:
                self._around.load(self._host.document_id, self._loading)

    def _loaded(self, loading: "asyncio.Future[Stored | None]") -> None:
        self._loading = None
        error = loading.exception()
        if self._host.dead:
            return
        try:
            if error is not None:
                raise error
            stored = loading.result()
            if stored is None:
                self._content.load(self._content.stored or EMPTY_UPDATE)
            else:
                self._host.read_again(stored)
        except Exception as caught:  # noqa: BLE001 - the database, or pycrdt: either way people must be told
            self._host.broken("the document cannot be loaded now", f"load: {type(caught).__name__}: {caught}")
            return
        self._host.use()
        self._release()

    def moved_on(self) -> None:
        """A commit is done: messages that were held for it go on."""
        if self._held is not None and self._pipeline.bulk is None and self._loading is None:
            self._release()
        else:
            self._host.moved()

    def _release(self) -> None:
        """Go on with the messages that were held, for a stretch of time, or until one of them has the others wait again."""
        held = self._no_longer_held()
        end = time.perf_counter() + STRETCH
        while held:
            if self._held is not None:
                held.put_before(self._held)
                self._held = held
                break
            if time.perf_counter() > end:
                self._held = held
                self._rest()
                break
            connection, payload = held.take()
            if connection in self._host.connections:
                connection.take_late(payload, self.receive)
        self._go_on()

    def _no_longer_held(self) -> Held | None:
        held, self._held = self._held, None
        return held

    def _rest(self) -> None:
        """Others have their turn before the next stretch."""
        if not self._resting:
            self._resting = True
            self._loop.call_soon(self._rested)

    def _rested(self) -> None:
        self._resting = False
        pipeline = self._pipeline
        if self._held is not None and not (self._loading or pipeline.bulk or pipeline.following or self._host.dead):
            self._release()

    def _go_on(self) -> None:
        self._pipeline.flush_soon()
        self._pipeline.settling.run()
        self._host.moved()
