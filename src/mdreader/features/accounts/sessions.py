"""Who is behind a session or key, remembered for a second, so that a busy client costs no database round trip a request."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from mdreader.db.engine import Database
from mdreader.features.accounts import queries
from mdreader.kernel.actor import Actor
from mdreader.kernel.clock import Clock
from mdreader.kernel.events import Event, EventsMissed, ProfileChanged, SessionEnded

# How old an answer may be. Events make it fresher at once; a lost one must not matter for longer than this.
FRESH_MS: Final = 1000
# At about 600 bytes each.
CAPACITY: Final = 20_000

_NEVER: Final = 1 << 62


@dataclass(frozen=True, slots=True)
class _Entry:
    actor: Actor
    checked_at: int
    expires_at: int


class SessionCache:
    """Answers are taken from memory when they are younger than `FRESH_MS`, else from the database.

    It holds nothing negative: what is unknown is asked for each time.
    """

    def __init__(self, database: Database, clock: Clock, *, capacity: int = CAPACITY) -> None:
        self._database = database
        self._clock = clock
        self._capacity = capacity
        self._entries: dict[str | bytes, _Entry] = {}  # in the order of checking: the first is the stalest
        self._generation = 0

    async def by_session(self, session_id: str, user_id: str | None) -> Actor | None:
        """Who is logged in by this session; None when it ended, expired or belongs to somebody else than `user_id`."""
        entry = self._fresh(session_id)
        if entry is None:
            entry = await self._ask(session_id, lambda now: self._load_session(session_id, now))
        return entry.actor if entry is not None and user_id in {None, entry.actor.user_id} else None

    async def by_key(self, digest: bytes) -> Actor | None:
        """Who holds the API key with this hash; None when there is none or it was revoked."""
        entry = self._fresh(digest) or await self._ask(digest, lambda now: self._load_key(digest, now))
        return entry.actor if entry is not None else None

    async def by_user(self, user_id: str) -> Actor | None:
        """The user with this id, for the local operator; None when there is none."""
        key = f"user:{user_id}"
        entry = self._fresh(key) or await self._ask(key, lambda now: self._load_user(user_id, now))
        return entry.actor if entry is not None else None

    def on_event(self, event: Event) -> None:
        """Forget at once what an event says is over. Called on the event loop."""
        match event:
            case SessionEnded():
                self._generation += 1
                for session_id in event.session_ids:
                    self._entries.pop(session_id, None)
                if event.key_ids:
                    self._forget(lambda actor: actor.key_id in event.key_ids)
            case EventsMissed():
                self._generation += 1
                self._entries.clear()
            case ProfileChanged():
                self._generation += 1
                self._forget(lambda actor: actor.user_id == event.user_id)
            case _:
                pass

    def _forget(self, gone: Callable[[Actor], bool]) -> None:
        for key in [key for key, entry in self._entries.items() if gone(entry.actor)]:
            del self._entries[key]

    def _fresh(self, key: str | bytes) -> _Entry | None:
        entry = self._entries.get(key)
        if entry is None:
            return None
        now = self._clock.now()
        # A clock that was set back makes an entry look young for long: its age is negative then, and it counts as old.
        return entry if 0 <= now - entry.checked_at < FRESH_MS and now < entry.expires_at else None

    async def _ask(self, key: str | bytes, load: Callable[[int], Awaitable[_Entry | None]]) -> _Entry | None:
        generation = self._generation
        # The moment before the question: the answer is at least as new.
        entry = await load(self._clock.now())
        self._entries.pop(key, None)
        # An event that came in between may speak of this very session; the answer is kept only when there was none.
        if entry is not None and generation == self._generation:
            self._entries[key] = entry
            if len(self._entries) > self._capacity:
                del self._entries[next(iter(self._entries))]
        return entry

    async def _load_session(self, session_id: str, now: int) -> _Entry | None:
        async with self._database.read() as conn:
            row = await queries.live_session(conn, session_id, now)
        if row is None:
            return None
        actor = Actor(user_id=row.user_id, name=row.name, email=row.email, session_id=session_id)
        return _Entry(actor, now, row.expires_at)

    async def _load_key(self, digest: bytes, now: int) -> _Entry | None:
        async with self._database.read() as conn:
            row = await queries.live_key(conn, digest)
        if row is None:
            return None
        actor = Actor(user_id=row.user_id, name=row.name, email=row.email, key_id=row.id, scope=row.scope)
        return _Entry(actor, now, _NEVER)

    async def _load_user(self, user_id: str, now: int) -> _Entry | None:
        async with self._database.read() as conn:
            row = await queries.user_by_id(conn, user_id)
        return None if row is None else _Entry(Actor(user_id=row.id, name=row.name, email=row.email), now, _NEVER)
