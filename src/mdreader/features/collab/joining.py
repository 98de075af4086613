"""From an open socket to a seat in a room, and out of it when the right to sit there ends."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, cast

import structlog

from mdreader.features.accounts.current import actor_from_token
from mdreader.features.accounts.ended import ended
from mdreader.features.collab.closing import CloseCode
from mdreader.features.collab.connection import Connection
from mdreader.features.collab.presence import Person
from mdreader.features.collab.rooms import Rooms
from mdreader.features.documents.access import require_document, rights_now
from mdreader.features.documents.elsewhere import find
from mdreader.features.workspaces.access import Right
from mdreader.kernel.actor import Actor
from mdreader.kernel.errors import AppError, ForbiddenError, NotFoundError, UnauthenticatedError, UnavailableError
from mdreader.kernel.events import (
    DocumentsRemoved,
    Event,
    EventsMissed,
    MembershipChanged,
    ProfileChanged,
    SessionEnded,
    WorkspaceRemoved,
)
from mdreader.kernel.ids import is_id
from mdreader.ports.fanout import Fanout
from mdreader.ports.tickets import PREFIX
from mdreader.runtime import Runtime

log = structlog.get_logger(__name__)

# Seconds between two looks at the rights of all sockets, where servers tell each other of changes over a link that may be cut.
LOOK_SECONDS: Final = 30.0
# Seconds between two tries to look when something was missed and the database does not answer.
RECHECK_SECONDS: Final = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0)


def rooms_of(runtime: Runtime) -> Rooms:
    """The rooms behind the runtime's live text."""
    return cast("Rooms", runtime.live)


async def authenticate(runtime: Runtime, token: str, document_id: str, peer: str) -> Actor:
    """Who holds `token`: a ticket for this document, an access token or an API key. Raises `UnauthenticatedError`."""
    if token.startswith(PREFIX):
        actor = await runtime.tickets.redeem(token, document_id)
        if actor is None:
            raise UnauthenticatedError("The ticket is used, expired or for another document. Get a new one.")
        async with runtime.database.read() as conn:  # word that the session ended may still be on its way
            if await ended(conn, [actor], runtime.clock.now()):
                raise UnauthenticatedError("The session is over. Log in again.")
        return actor
    return await actor_from_token(runtime, token, peer=peer)


async def join(runtime: Runtime, connection: Connection, token: str, epoch: str | None, peer: str) -> None:
    """Check who it is and what they may, then let the connection in; or close it with a code that says why not.

    `peer` is the address that the socket came from, empty when a proxy passed it on.
    """
    rooms = rooms_of(runtime)
    try:
        if not is_id(connection.document_id):
            raise NotFoundError("There is no such document.")
        connection.belongs_to(await authenticate(runtime, token, connection.document_id, peer))
        # Before the room, because nobody may have a document loaded that they may not see; and after it, because a right that is
        # taken away while it loads must count.
        await _authorise(runtime, connection)
        room = await rooms.get(connection.document_id)
        await _authorise(runtime, connection)
        if epoch is not None and epoch != room.epoch:
            connection.close(CloseCode.EPOCH_CHANGED, "the document was restored; start from a fresh copy")
        elif room.dead:
            connection.close(CloseCode.TRY_AGAIN_LATER, "the document is being reloaded")
        elif connection.is_open:
            room.join(connection)
    except UnauthenticatedError as error:
        connection.close(CloseCode.UNAUTHENTICATED, error.code)
    except ForbiddenError as error:
        connection.close(CloseCode.FORBIDDEN, error.code)
    except NotFoundError as error:
        await _close_not_found(runtime, connection, error)
    except AppError as error:
        connection.close(CloseCode.TRY_AGAIN_LATER, error.code)
    except Exception:
        log.exception("join_failed", document_id=connection.document_id)
        connection.close(CloseCode.TRY_AGAIN_LATER, "the document cannot be opened now")


async def _close_not_found(runtime: Runtime, connection: Connection, error: NotFoundError) -> None:
    """Say that there is no such document; or where it is, to somebody who had a right to it when it went."""
    elsewhere = None
    if connection.actor is not None:
        try:
            elsewhere = await find(runtime, connection.actor, document_id=connection.document_id)
        except AppError:
            connection.close(CloseCode.TRY_AGAIN_LATER, error.code)
            return
    if elsewhere is None:
        connection.close(CloseCode.NOT_FOUND, error.code)
    else:
        connection.close(CloseCode.OTHER_CELL, elsewhere.address)


async def _authorise(runtime: Runtime, connection: Connection) -> None:
    """Set what the connection's user may do; raises when that is nothing."""
    if connection.actor is None:
        raise UnauthenticatedError
    async with runtime.database.read() as conn:
        access = await require_document(conn, connection.actor, connection.document_id, Right.READ)
    connection.workspace_id = access.workspace_id
    connection.can_write = access.allows(Right.WRITE)


class Doorkeeper:
    """Acts on what is taken away: closes the sockets of ended sessions, lost roles and deleted documents."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._rooms = rooms_of(runtime)

    @asynccontextmanager
    async def running(self, fanout: Fanout) -> AsyncIterator["Doorkeeper"]:
        """Act on events, from here to the end; where there are several servers, also look by itself."""
        end = fanout.subscribe(self.on_event)
        looking = asyncio.get_running_loop().create_task(self._look_again()) if self._rooms.has_peers else None
        try:
            yield self
        finally:
            end()
            if looking is not None:
                looking.cancel()
                await asyncio.gather(looking, return_exceptions=True)

    def on_event(self, event: Event) -> None:
        """Called for each event of the fan-out, on the event loop."""
        match event:
            case SessionEnded(session_ids, key_ids):
                self._end(session_ids, key_ids)
            case MembershipChanged(workspace_id, user_id):
                for connection in self._rooms.sockets():
                    if connection.person.user_id == user_id and connection.workspace_id in (workspace_id, ""):
                        self._rooms.spawn(self._recheck(connection))
            case ProfileChanged(user_id, name):
                self._rename(user_id, name)
            case EventsMissed():
                self._rooms.spawn(self._recheck_soon())
            case DocumentsRemoved(document_ids):
                self._rooms.evict(document_ids, CloseCode.NOT_FOUND, "deleted")
            case WorkspaceRemoved(workspace_id):
                gone = {c.document_id for c in self._rooms.sockets() if c.workspace_id == workspace_id}
                self._rooms.evict(tuple(gone), CloseCode.NOT_FOUND, "deleted")

    def _end(self, session_ids: tuple[str, ...], key_ids: tuple[str, ...]) -> None:
        self._rooms.spawn(self._revoke(session_ids, key_ids))
        for connection in self._rooms.sockets():
            actor = connection.actor
            if actor is not None and (actor.session_id in session_ids or actor.key_id in key_ids):
                connection.close(CloseCode.UNAUTHENTICATED, "session_ended")

    async def _revoke(self, session_ids: tuple[str, ...], key_ids: tuple[str, ...]) -> None:
        try:
            await self._runtime.tickets.revoke(session_ids, key_ids)
        except AppError:
            log.exception("tickets_not_revoked")  # whoever redeems one is asked for the session all the same

    def _rename(self, user_id: str, name: str) -> None:
        for connection in self._rooms.sockets():
            if connection.person.user_id == user_id:
                connection.person = Person(user_id, name)  # stamped on all that it says of itself from now on

    async def _recheck(self, connection: Connection) -> None:
        could_write = connection.can_write
        try:
            await _authorise(self._runtime, connection)
        except UnavailableError:  # as below
            connection.close(CloseCode.UNAUTHENTICATED, "role_changed")
            return
        except AppError:
            connection.close(CloseCode.FORBIDDEN, "your access was removed")
            return
        except Exception:
            # Not knowing is no reason to go on: the client comes back and is asked again.
            log.exception("recheck_failed", document_id=connection.document_id)
            connection.close(CloseCode.UNAUTHENTICATED, "role_changed")
            return
        if could_write != connection.can_write:
            connection.close(CloseCode.UNAUTHENTICATED, "role_changed")

    async def _look_again(self) -> None:
        """A net under lost events: every socket's rights and session are asked for again and again."""
        while True:
            await asyncio.sleep(LOOK_SECONDS * random.uniform(0.8, 1))  # noqa: S311 - jitter, not a secret
            await self._recheck_all()

    async def _recheck_soon(self) -> None:
        """Look now, or as soon as the database answers: what was missed may be that a right was taken away."""
        for wait in RECHECK_SECONDS:
            if await self._recheck_all():
                return
            await asyncio.sleep(wait)

    async def _recheck_all(self) -> bool:
        """Ask about all sockets at once, and close those that would not be let in now; whether that could be found out."""
        sockets = [socket for socket in self._rooms.sockets() if socket.room is not None]
        pairs = [(socket.actor, socket.document_id) for socket in sockets if socket.actor is not None]
        if not pairs:
            return True
        try:
            async with self._runtime.database.read() as conn:
                over = await ended(conn, [actor for actor, _ in pairs], self._runtime.clock.now())
                rights = await rights_now(conn, pairs)
        except AppError:
            return False  # the database is away: it is looked at again
        except Exception:
            log.exception("recheck_failed")
            return False
        for socket, (actor, _), right in zip(sockets, pairs, rights, strict=True):
            if actor.session_id in over or actor.key_id in over:
                socket.close(CloseCode.UNAUTHENTICATED, "session_ended")
            elif right is None:
                socket.close(CloseCode.FORBIDDEN, "your access was removed")
            elif socket.can_write != (right >= Right.WRITE):
                socket.close(CloseCode.UNAUTHENTICATED, "role_changed")
        return True
