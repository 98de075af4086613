"""Who is in a room and where: awareness states, stamped with the authenticated user. Never stored, never waits for the disk.

Pure bookkeeping; the room decides when to send. A client id belongs to the connection that brought it: nobody can speak for another.
"""

import json
import re
from collections.abc import Collection, Hashable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from mdreader.features.collab.awareness import MAX_STATES, AwarenessState, encode_awareness, parse_state
from mdreader.features.collab.varint import ProtocolError

T = TypeVar("T")

# Client ids one connection may bring: its own, and those that a reload or a provider of several editors leaves behind.
MAX_CLIENTS_PER_CONNECTION = 4
# Client ids one connection may vouch for: those that it brought, and those that the same person's other connections did.
MAX_VOUCHED = 16

# States of one room; a bound for what other servers may say.
MAX_ENTRIES = 10_000

_COLOR = re.compile(r"#[0-9a-fA-F]{6}([0-9a-fA-F]{2})?")


@dataclass(slots=True)
class _Entry:
    """One client id's state. It stays as long as one of `owners` does, all of them one person's connections.

    The tabs of a browser pass on what each says of itself; who comes back does so before the old socket is noticed to be dead.
    """

    owners: tuple[Hashable, ...]
    user_id: str
    clock: int
    raw: bytes


@dataclass(frozen=True, slots=True)
class Person:
    """What the server says of a connection's user, whatever the client says."""

    user_id: str
    name: str


@dataclass(frozen=True, slots=True)
class Server:
    """Another server, as the owner of its people's states."""

    id: bytes

    @staticmethod
    def user_of(raw: bytes) -> str:
        """Whom that server authenticated, by its stamp."""
        try:
            return str(json.loads(raw)["user"]["id"])
        except (ValueError, KeyError, TypeError):
            return ""


class Presence:
    """The states of one room. `owner` is any hashable that stands for a connection."""

    __slots__ = ("_by_owner", "_dirty", "_elsewhere", "_entries", "_news", "_servers")

    def __init__(self, *, shared: bool = False) -> None:
        """`shared`: other servers have people here, too; `take_news` is called for them."""
        self._news: dict[int, tuple[int, bytes]] | None = {} if shared else None
        self._entries: dict[int, _Entry] = {}
        # Client ids by who vouches for them: a few of each connection, any number of another server.
        self._by_owner: dict[Hashable, tuple[int, ...]] = {}
        self._servers: dict[Server, set[int]] = {}
        self._elsewhere: int | None = 0  # None until they are counted again
        self._dirty: dict[int, tuple[int, bytes]] = {}

    def update(self, owner: Hashable, person: Person, states: Iterable[AwarenessState]) -> bool:
        """Take what a connection says of itself; answers whether anything is to be sent.

        What it says of a client id that another user's connection holds is left out (stock clients pass on what they know of others).
        Raises `ProtocolError` for a state that is not small, flat JSON, or for more ids than one connection may have.
        """
        changed = False
        for client, clock, raw in states:
            entry = self._entries.get(client)
            mine = self._by_owner.get(owner, ())
            if entry is not None and owner not in entry.owners:
                if entry.user_id != person.user_id or clock < entry.clock:
                    continue
                if len(mine) < MAX_VOUCHED:
                    self._leave_servers(client, entry)
                    entry.owners = (*entry.owners, owner)
                    self._by_owner[owner] = mine = (*mine, client)
            state = parse_state(raw)
            if state is None:
                if entry is not None and clock >= entry.clock:
                    self._forget(client, clock)
                    changed = True
                continue
            if entry is not None and clock <= entry.clock:
                continue
            if entry is None:
                brought = sum(len(self._entries[other].owners) == 1 for other in mine)
                if brought >= MAX_CLIENTS_PER_CONNECTION or len(mine) >= MAX_VOUCHED:
                    code = "too_many_clients"
                    raise ProtocolError(code, "one connection speaks for too many client ids")
                self._by_owner[owner] = (*mine, client)
                entry = self._entries[client] = _Entry((owner,), person.user_id, clock, b"")
            entry.clock = clock
            entry.raw = stamp(state, person)
            self._tell(client, clock, entry.raw)
            changed = True
        return changed

    def follow(self, server: Server, states: Iterable[AwarenessState]) -> bool:
        """Take what another server says of its people, which it has stamped; answers whether anything is to be sent."""
        theirs = self._servers.setdefault(server, set())
        self._elsewhere = None
        changed = False
        for client, clock, raw in states:
            entry = self._entries.get(client)
            if entry is not None and (clock < entry.clock or (clock == entry.clock and server not in entry.owners)):
                continue  # old news of somebody who has moved here, or to a third server
            if raw == b"null":
                if entry is not None and server in entry.owners:
                    self._forget(client, clock, ours=False)
                    changed = True
                continue
            if entry is None and len(self._entries) >= MAX_ENTRIES:
                continue
            if entry is None or clock > entry.clock or entry.raw != raw:
                self._dirty[client] = (clock, raw)
                changed = True
            for owner in () if entry is None else entry.owners:
                self._let_go(owner, client)  # whoever it is has moved there
            self._entries[client] = _Entry((server,), server.user_of(raw), clock, raw)
            theirs.add(client)
        return changed

    @property
    def servers(self) -> Collection[Server]:
        """The other servers whose people are here."""
        return self._servers.keys()

    @property
    def elsewhere(self) -> int:
        """How many of those who are here are on other servers."""
        if self._elsewhere is None:  # a room asks for it with each thing that is typed
            self._elsewhere = sum(map(len, self._servers.values()))
        return self._elsewhere

    def take_news(self) -> list[bytes]:
        """What changed of this server's own people since the last call, as awareness updates for the other servers."""
        if not self._news:
            return []
        news = [(client, clock, raw) for client, (clock, raw) in self._news.items()]
        self._news.clear()
        return _in_parts(news)

    def own(self) -> list[bytes]:
        """The state of each of this server's own people, as awareness updates."""
        return _in_parts(
            [
                (c, entry.clock, entry.raw)
                for c, entry in self._entries.items()
                if self._servers.keys().isdisjoint(entry.owners)
            ]
        )

    def _leave_servers(self, client: int, entry: _Entry) -> None:
        """Whoever it is has come here from another server."""
        for server in self._servers.keys() & entry.owners if self._servers else ():
            entry.owners = _without(server, entry.owners)
            self._servers[server].discard(client)
            self._elsewhere = None

    def leave(self, owner: Hashable) -> bool:
        """Take the states of a connection that is gone, as far as nobody else vouches for them; answers whether there were any."""
        gone = False
        self._elsewhere = None
        theirs = self._servers.pop(owner, ()) if isinstance(owner, Server) else self._by_owner.pop(owner, ())
        for client in theirs:
            entry = self._entries[client]
            entry.owners = _without(owner, entry.owners)
            if not entry.owners:
                # At its last clock: `null` wins a tie, and a client that comes back with the next clock is seen at once.
                self._forget(client, entry.clock, ours=not isinstance(owner, Server))
                gone = True
        return gone

    def _forget(self, client: int, clock: int, *, ours: bool = True) -> None:
        for owner in self._entries.pop(client).owners:
            self._let_go(owner, client)
        if ours:
            self._tell(client, clock, b"null")
        else:
            self._dirty[client] = (clock, b"null")

    def _let_go(self, owner: Hashable, client: int) -> None:
        if isinstance(owner, Server):
            self._servers[owner].discard(client)
            self._elsewhere = None
        else:
            self._by_owner[owner] = _without(client, self._by_owner[owner])

    def _tell(self, client: int, clock: int, raw: bytes) -> None:
        self._dirty[client] = (clock, raw)
        if self._news is not None:
            self._news[client] = (clock, raw)

    def take_changes(self) -> bytes | None:
        """The awareness update with the newest state of every client that changed since the last call."""
        if not self._dirty:
            return None
        changes = [(client, clock, raw) for client, (clock, raw) in self._dirty.items()]
        self._dirty.clear()
        return encode_awareness(changes)

    def everyone(self) -> bytes | None:
        """The awareness update with every state, for somebody who joins; None for an empty room."""
        if not self._entries:
            return None
        return encode_awareness([(client, entry.clock, entry.raw) for client, entry in self._entries.items()])

    def __len__(self) -> int:
        return len(self._entries)


def _without(one: T, some: tuple[T, ...]) -> tuple[T, ...]:
    return tuple(other for other in some if other != one)


def _in_parts(states: list[tuple[int, int, bytes]]) -> list[bytes]:
    return [encode_awareness(states[start : start + MAX_STATES]) for start in range(0, len(states), MAX_STATES)]


def stamp(state: dict[str, Any], person: Person) -> bytes:
    """`state` as compact JSON with the authenticated user in it; a colour stays only when it is a plain `#rrggbb[aa]`."""
    said = state.get("user")
    user: dict[str, Any] = {"id": person.user_id, "name": person.name}
    if isinstance(said, dict):
        for key in ("color", "colorLight"):
            value = said.get(key)
            if isinstance(value, str) and _COLOR.fullmatch(value):
                user[key] = value
    try:
        # ASCII, because half a surrogate pair has no UTF-8 form and would make every peer's decoder throw; 1e999 parses as infinity.
        return json.dumps({**state, "user": user}, separators=(",", ":"), allow_nan=False).encode("ascii")
    except ValueError:
        code = "malformed"
        raise ProtocolError(code, "an awareness state holds a number that JSON cannot") from None
