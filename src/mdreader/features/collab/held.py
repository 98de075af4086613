"""Messages that wait in a room, in their order: for the document to come into memory, or for a large change. Bounded in bytes."""

from collections import deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mdreader.features.collab.connection import Connection

# What keeping a message costs beside its bytes.
OVERHEAD: Final = 100
# All connections of a room together may have as much waiting as so many of them alone.
ALONE: Final = 4


class Held:
    """`limit`: bytes of one connection."""

    __slots__ = ("_bytes", "_limit", "_messages", "_total")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._messages: deque[tuple[Connection, bytes]] = deque()
        self._bytes: dict[Connection, int] = {}
        self._total = 0

    def add(self, connection: "Connection", payload: bytes) -> "Connection | None":
        """Keep a message. When that is too much, the connection that has most waiting: it is to be dropped."""
        size = len(payload) + OVERHEAD
        self._messages.append((connection, payload))
        self._total += size
        mine = self._bytes[connection] = self._bytes.get(connection, 0) + size
        if mine > self._limit:
            return connection
        if self._total > ALONE * self._limit:
            return max(self._bytes, key=self._bytes.__getitem__)
        return None

    def drop(self, connection: "Connection") -> None:
        """Forget what a connection has waiting."""
        if connection in self._bytes:
            self._total -= self._bytes.pop(connection)
            self._messages = deque(one for one in self._messages if one[0] is not connection)

    def take(self) -> "tuple[Connection, bytes]":
        """The message that came first."""
        connection, payload = self._messages.popleft()
        size = len(payload) + OVERHEAD
        self._total -= size
        self._bytes[connection] -= size
        return connection, payload

    def put_before(self, earlier: "Held") -> None:
        """Let what waits in `earlier` come first."""
        for connection, payload in reversed(tuple(earlier)):
            size = len(payload) + OVERHEAD
            self._messages.appendleft((connection, payload))
            self._total += size
            self._bytes[connection] = self._bytes.get(connection, 0) + size

    def __iter__(self) -> "Iterator[tuple[Connection, bytes]]":
        return iter(self._messages)

    def __len__(self) -> int:
        return len(self._messages)
