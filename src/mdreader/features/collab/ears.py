"""Sockets of a room that are read together: the loop hears nothing of what comes over them until the room reads it, or gives them back.

To wake for one keystroke takes longer than all that is done for it, where nothing of it is committed before the window ends anyway.
"""

import asyncio
import os
import select
from collections.abc import Collection
from contextlib import suppress
from time import perf_counter
from typing import TYPE_CHECKING, Final

import structlog
from picows.picows import WSProtocol  # type: ignore[attr-defined]  # in no stub; see tests/contract/test_mount.py

from mdreader.features.collab.bulk import STRETCH

if TYPE_CHECKING:
    from mdreader.features.collab.connection import Connection

log = structlog.get_logger(__name__)

HAS_EPOLL: Final = hasattr(select, "epoll")
"""Without it the loop goes on reading all sockets."""
MUCH: Final = 1000
"""Bytes over one socket in a window: whoever sends more is not typing, and the loop reads the rest as it comes."""


class Ears:
    """The sockets of one room that it reads itself. All on the event loop."""

    __slots__ = ("_descriptors", "_epoll", "_hasty", "_members")

    def __init__(self) -> None:
        self._members: dict[int, tuple[Connection, WSProtocol]] = {}  # by descriptor
        self._descriptors: dict[Connection, int] = {}
        self._hasty: set[Connection] = set()  # sent more than was read: not taken again the next time
        self._epoll: select.epoll | None = None  # while there are any

    def __len__(self) -> int:
        return len(self._members)

    def take(self, connections: Collection["Connection"]) -> None:
        """From now on have nothing of theirs read but by `read`; but not of those who just sent more than a keystroke."""
        hasty, self._hasty = self._hasty, set()
        if len(connections) == len(self._members) or not HAS_EPOLL:
            return
        with suppress(OSError):  # the kernel gives us no more of them: the loop reads the rest as ever
            for connection in connections:
                if connection not in self._descriptors and connection not in hasty and connection.may_wait:
                    self._add(connection, connection.transport.underlying_transport)  # type: ignore[union-attr]  # it is open
        self._close_unused()

    def _add(self, connection: "Connection", transport: asyncio.Transport) -> None:
        descriptor: int = transport.get_extra_info("socket").fileno()
        self._epoll = self._epoll or select.epoll()
        self._epoll.register(descriptor, select.EPOLLIN)
        self._members[descriptor] = connection, transport.get_protocol()
        self._descriptors[connection] = descriptor
        transport.pause_reading()

    def give_back(self, connection: "Connection") -> None:
        """Have the loop read from it again, unless it has to wait for other reasons."""
        self._hasty.discard(connection)
        descriptor = self._descriptors.pop(connection, None)
        if descriptor is None or self._epoll is None:
            return
        del self._members[descriptor]
        with suppress(OSError):  # it is closed
            self._epoll.unregister(descriptor)
        if connection.may_wait:
            connection.transport.underlying_transport.resume_reading()  # type: ignore[union-attr]  # it is open
        self._close_unused()

    def _close_unused(self) -> None:
        if self._epoll is not None and not self._members:
            self._epoll.close()
            self._epoll = None

    def give_all_back(self) -> None:
        """Have the loop read from all of them again."""
        for connection in tuple(self._descriptors):
            self.give_back(connection)
        self._hasty.clear()

    def read(self) -> int:
        """Have what came handed on; over how many of the sockets something came."""
        if self._epoll is None:
            return 0
        end = perf_counter() + STRETCH
        came = 0
        for descriptor, _ in self._epoll.poll(0, len(self._members)):
            member = self._members.get(descriptor)
            if member is None:
                continue  # it has left over what another one sent
            came += 1
            self._read(*member, descriptor)
            if perf_counter() > end:
                members = set(self._descriptors)
                self.give_all_back()
                self._hasty.update(members)
                break
        return came

    def _read(self, connection: "Connection", protocol: WSProtocol, descriptor: int) -> None:
        """Read what fits into its buffer, as the loop would. Who sends more, or has hung up, is given back."""
        buffer = protocol.get_buffer(-1)
        place = len(buffer)
        try:
            size = os.readv(descriptor, (buffer,))
        except BlockingIOError:
            return
        except OSError:
            size = 0  # the loop will see the same, and says it to the connection
        del buffer
        if size:
            try:
                protocol.buffer_updated(size)
            except Exception:  # as the loop would do
                log.exception("message_failed", document_id=connection.document_id)
                connection.drop("failed")
        if connection not in self._descriptors:
            return  # it has left over what it sent
        if size in (0, place) or size > MUCH:
            self.give_back(connection)
            self._hasty.add(connection)
        elif connection.put_off is not None:
            self.give_back(connection)
