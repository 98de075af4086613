"""Who is in a room and where: awareness states, stamped with the authenticated user. Never stored, never waits for the disk.

Pure bookkeeping; the room decides when to send. A client id belongs to the connection that brought it: nobody can speak for another.
"""

import json
import re
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Any

from mdreader.features.collab.awareness import AwarenessState, encode_awareness, parse_state
from mdreader.features.collab.varint import ProtocolError

# Client ids one connection may bring: its own, and those that a reload or a provider of several editors leaves behind.
MAX_CLIENTS_PER_CONNECTION = 4
# Client ids one connection may vouch for: those that it brought, and those that the same person's other connections did.
MAX_VOUCHED = 16

_COLOR = re.compile(r"#[0-9a-fA-F]{6}([0-9a-fA-F]{2})?")


@dataclass(slots=True)
class _Entry:
    """One client id's state. It stays as long as one of `owners` does, all of them one person's connections.

    The tabs of a browser pass on what each says of itself; who comes back does so before the old socket is noticed to be dead.
    """

    owners: set[Hashable]
    user_id: str
    clock: int
    raw: bytes


@dataclass(frozen=True, slots=True)
class Person:
    """What the server says of a connection's user, whatever the client says."""

    user_id: str
    name: str


class Presence:
    """The states of one room. `owner` is any hashable that stands for a connection."""

    __slots__ = ("_by_owner", "_dirty", "_entries")

    def __init__(self) -> None:
        self._entries: dict[int, _Entry] = {}
        self._by_owner: dict[Hashable, set[int]] = {}
        self._dirty: dict[int, tuple[int, bytes]] = {}

    def update(self, owner: Hashable, person: Person, states: Iterable[AwarenessState]) -> bool:
        """Take what a connection says of itself; answers whether anything is to be sent.

        What it says of a client id that another user's connection holds is left out (stock clients pass on what they know of others).
        Raises `ProtocolError` for a state that is not small, flat JSON, or for more ids than one connection may have.
        """
        mine = self._by_owner.setdefault(owner, set())
        changed = False
        for client, clock, raw in states:
            entry = self._entries.get(client)
            if entry is not None and owner not in entry.owners:
                if entry.user_id != person.user_id or clock < entry.clock:
                    continue
                if len(mine) < MAX_VOUCHED:
                    entry.owners.add(owner)
                    mine.add(client)
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
                mine.add(client)
                entry = self._entries[client] = _Entry({owner}, person.user_id, clock, b"")
            entry.clock = clock
            entry.raw = stamp(state, person)
            self._dirty[client] = (clock, entry.raw)
            changed = True
        return changed

    def leave(self, owner: Hashable) -> bool:
        """Take the states of a connection that is gone, as far as nobody else vouches for them; answers whether there were any."""
        gone = False
        for client in self._by_owner.pop(owner, ()):
            entry = self._entries[client]
            entry.owners.discard(owner)
            if not entry.owners:
                # At its last clock: `null` wins a tie, and a client that comes back with the next clock is seen at once.
                self._forget(client, entry.clock)
                gone = True
        return gone

    def _forget(self, client: int, clock: int) -> None:
        for owner in self._entries.pop(client).owners:
            self._by_owner[owner].discard(client)
        self._dirty[client] = (clock, b"null")

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
