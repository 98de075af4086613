"""Many people with real sockets in one room of this process, which gathers what they type with another server's room."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

from picows import ws_create_server

from mdreader.features.collab import window
from mdreader.features.collab.connection import Connection
from mdreader.features.collab.presence import Person
from mdreader.features.collab.room import Room
from mdreader.features.collab.rooms import Rooms
from support.ears import bytes_in, descriptor_of
from support.sides import Sides, Typist
from support.waiting import eventually
from support.yclient import YClient, connected

PEOPLE = window.FEW + 2


class Crowd:
    """People with real sockets in a room that gathers, for somebody has typed on the other server."""

    def __init__(self, room: Room, clients: list[YClient], other: Typist, other_rooms: Rooms) -> None:
        self.room, self.clients, self.other, self.other_rooms = room, clients, other, other_rooms
        assert room._gathering is not None
        self.gathering = room._gathering

    def end_window(self) -> None:
        self.gathering.end_window()

    async def windows_until(self, condition: Callable[[], bool], what: str) -> None:
        """End one window after another until `condition` holds."""

        def one_more() -> bool:
            self.end_window()
            return condition()

        await eventually(one_more, what)

    @property
    def deaf(self) -> int:
        """To how many of the sockets the loop does not listen."""
        return len(self.gathering._ears)

    async def become_deaf(self) -> None:
        """Two have typed in one window."""
        for client in self.clients[:2]:
            await client.append("begin ")
        await eventually(lambda: len(self.gathering._messages) == 2, "both messages")
        self.end_window()
        assert self.deaf == PEOPLE
        await self.room.quiesce()

    async def lies_in(self, *connections: Connection) -> None:
        """Wait until something lies in each of their sockets; without any, in everybody's."""
        transports = [connection.transport for connection in connections or self.room.connections]
        descriptors = [descriptor_of(transport) for transport in transports if transport is not None]
        await eventually(lambda: all(map(bytes_in, descriptors)), "something in each socket")


@asynccontextmanager
async def crowd_of(sides: Sides) -> AsyncIterator[Crowd]:
    here, there = await sides.open("\n")
    rooms = sides.rooms[0]

    def listener(_request: object) -> Connection:
        connection = Connection(rooms, here.document_id)
        connection.person, connection.can_write = Person(sides.user, "A"), True

        async def join() -> None:
            here.join(connection)

        connection.on_open = join
        return connection

    async with AsyncExitStack() as stack:
        server = await ws_create_server(listener, "127.0.0.1", 0, enable_auto_pong=False)
        stack.callback(server.close)
        address, port = server.sockets[0].getsockname()
        clients = [
            await stack.enter_async_context(connected(f"ws://{address}:{port}", here.document_id, "token"))
            for _ in range(PEOPLE)
        ]
        other = Typist(there, sides.user)
        other.type("there ")
        await other.saved()
        await eventually(lambda: here.pipeline.gathers, "a window that both share")
        crowd = Crowd(here, clients, other, sides.rooms[1])
        try:
            yield crowd
        finally:
            crowd.gathering._ears.give_all_back()  # or nobody would read their farewells: no window ends any more
