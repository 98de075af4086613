"""Sockets that a room reads itself: the loop hears nothing of what comes over them, and nothing of it gets lost."""

import asyncio
import select
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
import uvloop
from picows import WSFrame, WSListener, WSTransport, ws_create_server
from websockets.asyncio.client import ClientConnection, connect

from mdreader.features.collab import window
from mdreader.features.collab.closing import CloseCode
from mdreader.features.collab.connection import Connection
from mdreader.features.collab.ears import Ears
from mdreader.features.collab.presence import Person
from mdreader.features.collab.room import Room
from support.sides import Sides, Typist, sides_of
from support.waiting import eventually
from support.yclient import YClient, connected

PEOPLE = window.FEW + 2
LOOPS = (asyncio.new_event_loop, uvloop.new_event_loop)


class Heard(WSListener):
    """What `Ears` need of a connection."""

    document_id = "d"

    def __init__(self) -> None:
        self.transport: WSTransport | None = None
        self.messages: list[bytes] = []
        self.may_wait = True
        self.put_off: object = None
        self.on_message: Callable[[], None] = lambda: None
        self.dropped = False

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport = transport

    def on_ws_disconnected(self, _transport: WSTransport) -> None:
        self.transport = None
        self.may_wait = False

    def on_ws_frame(self, _transport: WSTransport, frame: WSFrame) -> None:
        self.messages.append(frame.get_payload_as_bytes())
        self.on_message()

    def drop(self, _why: str) -> None:
        self.dropped = True


class Pair:
    """Both ends of a socket."""

    def __init__(self, client: ClientConnection, heard: Heard) -> None:
        self.client, self.heard = client, heard

    async def send(self, message: bytes) -> None:
        """Send it, and wait until it lies in the socket."""
        assert self.heard.transport is not None
        descriptor = self.heard.transport.underlying_transport.get_extra_info("socket").fileno()
        await self.client.send(message)
        await eventually(lambda: bool(select.select([descriptor], [], [], 0)[0]), "message in the socket")


@asynccontextmanager
async def pairs_of(count: int) -> AsyncIterator[list[Pair]]:
    made: list[Heard] = []

    def listener(_request: object) -> Heard:
        made.append(Heard())
        return made[-1]

    async with AsyncExitStack() as stack:
        server = await ws_create_server(listener, "127.0.0.1", 0, enable_auto_pong=False)
        stack.callback(server.close)
        (address, port) = server.sockets[0].getsockname()
        pairs = []
        for _ in range(count):
            client = await connect(f"ws://{address}:{port}", compression=None, proxy=None, ping_interval=None)
            stack.callback(client.transport.abort)
            pairs.append(Pair(client, made[-1]))
        yield pairs


def on_both_loops(
    test: Callable[[list[Pair], Ears], Awaitable[None]],
) -> Callable[[Callable[[], asyncio.AbstractEventLoop]], None]:
    """Run a test of two sockets on the loop of Python and on the one that serves."""

    @pytest.mark.parametrize("loop", LOOPS, ids=["asyncio", "uvloop"])
    def run(loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
        async def main() -> None:
            async with pairs_of(2) as pairs:
                ears = Ears()
                ears.take([pair.heard for pair in pairs])  # type: ignore[misc]
                assert len(ears) == 2
                try:
                    await test(pairs, ears)
                finally:
                    ears.give_all_back()

        with asyncio.Runner(loop_factory=loop) as runner:
            runner.run(main())

    return run


async def turns() -> None:
    """Give the loop time to read, if it wants to."""
    for _ in range(20):
        await asyncio.sleep(0)


@on_both_loops
async def test_nothing_is_heard_before_it_is_read(pairs: list[Pair], ears: Ears) -> None:
    ann, bob = pairs
    await ann.send(b"a")
    await ann.send(b"b")
    await bob.send(b"c")
    await turns()
    assert (ann.heard.messages, bob.heard.messages) == ([], [])
    assert ears.read() == 2
    assert (ann.heard.messages, bob.heard.messages) == ([b"a", b"b"], [b"c"])
    assert ears.read() == 0
    assert len(ears) == 2


@on_both_loops
async def test_what_is_given_back_is_read_by_the_loop(pairs: list[Pair], ears: Ears) -> None:
    ann, bob = pairs
    await ann.send(b"before")
    ears.give_back(ann.heard)  # type: ignore[arg-type]
    await ann.client.send(b"after")
    await eventually(lambda: ann.heard.messages == [b"before", b"after"], "what came before and after")
    await bob.send(b"kept")
    assert (len(ears), bob.heard.messages) == (1, [])
    ears.give_all_back()
    await eventually(lambda: bob.heard.messages == [b"kept"], "what was kept")
    assert (len(ears), ears.read()) == (0, 0)


@on_both_loops
async def test_who_sends_much_is_read_at_once(pairs: list[Pair], ears: Ears) -> None:
    ann, bob = pairs
    message = bytes(range(256)) * 4000
    sending = asyncio.create_task(ann.client.send(message))
    await eventually(lambda: ears.read() == 1, "the beginning of it")
    await eventually(lambda: ann.heard.messages == [message], "all of it")  # the loop has read the rest
    await sending
    assert len(ears) == 1
    everybody = [ann.heard, bob.heard]
    ears.take(everybody)  # type: ignore[arg-type]
    assert len(ears) == 1  # more may come
    ears.take(everybody)  # type: ignore[arg-type]
    assert len(ears) == 2


@on_both_loops
async def test_who_hangs_up_is_gone(pairs: list[Pair], ears: Ears) -> None:
    ann, bob = pairs
    await ann.send(b"farewell")
    ann.client.transport.abort()
    await eventually(lambda: bool(ears.read()) and len(ears) == 1, "end of the socket")
    await eventually(lambda: ann.heard.transport is None, "word that it is gone")
    await bob.send(b"still here")
    assert ears.read() == 1
    assert bob.heard.messages == [b"still here"]


@on_both_loops
async def test_who_leaves_over_what_another_one_sent_is_not_read(pairs: list[Pair], ears: Ears) -> None:
    ann, bob = pairs
    for here, other in ((ann, bob), (bob, ann)):
        here.heard.on_message = lambda other=other: ears.give_back(other.heard)  # type: ignore[misc]
        await here.send(b"one")
    assert ears.read() == 1  # whose turn came first
    assert len(ears) == 1
    await eventually(lambda: ann.heard.messages == bob.heard.messages == [b"one"], "both messages, once")


@on_both_loops
async def test_who_is_put_off_stays_so(pairs: list[Pair], ears: Ears) -> None:
    ann, _ = pairs

    def put_off() -> None:
        ann.heard.may_wait = False
        ann.heard.put_off = []

    ann.heard.on_message = put_off
    await ann.send(b"too much")
    assert ears.read() == 1
    assert len(ears) == 1
    await ann.send(b"later")
    await turns()
    assert ann.heard.messages == [b"too much"]  # neither the loop nor the ears read it
    ears.take([pair.heard for pair in pairs])  # type: ignore[misc]
    assert len(ears) == 1
    assert ann.heard.transport is not None
    ann.heard.transport.underlying_transport.resume_reading()
    await eventually(lambda: ann.heard.messages == [b"too much", b"later"], "the rest")


@on_both_loops
async def test_what_is_no_frame_ends_the_socket(pairs: list[Pair], ears: Ears) -> None:
    ann, _ = pairs
    ann.client.transport.write(b"\xff" * 64)
    await eventually(lambda: ears.read() == 1, "what is no frame")
    await eventually(lambda: ann.heard.transport is None, "end of the socket")
    assert ann.heard.messages == []


@on_both_loops
async def test_those_who_are_left_when_it_takes_long_are_read_by_the_loop(pairs: list[Pair], ears: Ears) -> None:
    ann, bob = pairs
    for pair in pairs:
        await pair.send(b"one")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mdreader.features.collab.ears.STRETCH", -1.0)
        assert ears.read() == 1
    assert len(ears) == 0
    await eventually(lambda: ann.heard.messages == bob.heard.messages == [b"one"], "both messages")


# ---- in a room ----


@pytest.fixture
async def sides(postgres_url: str) -> AsyncIterator[Sides]:
    async with sides_of(postgres_url) as made:
        yield made


@pytest.fixture(autouse=True)
def long_window(monkeypatch: pytest.MonkeyPatch) -> None:
    """A window ends when the test says so."""
    monkeypatch.setattr(window, "STEPS", (3600.0,))
    monkeypatch.setattr(window, "PAUSE", 3600.0)
    monkeypatch.setattr(window, "_MEMORY", 3600.0)


class Crowd:
    """People with real sockets in a room that gathers, for somebody has typed on the other server."""

    def __init__(self, room: Room, clients: list[YClient], other: Typist) -> None:
        self.room, self.clients, self.other = room, clients, other
        assert room._gathering is not None
        self.gathering = room._gathering

    def end_window(self) -> None:
        self.gathering.end_window()

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

    async def wait_for_messages(self) -> None:
        """Wait until something lies in everybody's socket."""
        descriptors = list(self.gathering._ears._members)
        await eventually(lambda: len(select.select(descriptors, [], [], 0)[0]) == PEOPLE, "something in each socket")


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
        crowd = Crowd(here, clients, other)
        try:
            yield crowd
        finally:
            crowd.gathering._ears.give_all_back()  # or nobody would read their farewells: no window ends any more


async def test_what_many_type_is_read_when_the_window_ends(sides: Sides) -> None:
    async with crowd_of(sides) as crowd:
        await crowd.become_deaf()
        before = crowd.room.seq
        for number, client in enumerate(crowd.clients):
            await client.append(f"<{number}>")
        await crowd.wait_for_messages()
        await turns()
        assert (crowd.gathering.waits, crowd.room.seq) == (False, before)
        crowd.end_window()
        await crowd.room.quiesce()
        assert crowd.room.seq == before + 1
        await crowd.other.reads(lambda text: all(f"<{number}>" in text for number in range(PEOPLE)))
        for client in crowd.clients:
            await client.wait_for_text(lambda text: all(f"<{number}>" in text for number in range(PEOPLE)))


async def test_after_two_windows_without_a_word_the_loop_listens_again(sides: Sides) -> None:
    async with crowd_of(sides) as crowd:
        await crowd.become_deaf()
        crowd.end_window()
        assert crowd.deaf == PEOPLE
        crowd.end_window()
        assert crowd.deaf == 0
        await crowd.clients[0].append("awake")
        await eventually(lambda: crowd.gathering.waits, "message")
        crowd.end_window()
        await crowd.other.reads(lambda text: "awake" in text)


async def test_one_alone_is_heard_at_once(sides: Sides) -> None:
    async with crowd_of(sides) as crowd:
        await crowd.clients[0].append("alone")
        await eventually(lambda: crowd.gathering.waits, "message")
        crowd.end_window()
        assert crowd.deaf == 0


async def test_what_somebody_typed_right_before_leaving_is_stored(sides: Sides) -> None:
    async with crowd_of(sides) as crowd:
        await crowd.become_deaf()
        ann = crowd.clients[0]
        await ann.append("farewell")
        closing = asyncio.create_task(ann.close())
        await eventually(lambda: crowd.gathering.take_in() >= 0 and len(crowd.room.connections) < PEOPLE, "her leaving")
        await closing
        crowd.end_window()
        await crowd.other.reads(lambda text: "farewell" in text)
        assert crowd.deaf == PEOPLE - 1


async def test_everybody_is_told_when_the_room_ends(sides: Sides) -> None:
    async with crowd_of(sides) as crowd:
        await crowd.become_deaf()
        for client in crowd.clients:
            await client.append("too late")
        await crowd.wait_for_messages()
        crowd.room.discard(CloseCode.TRY_AGAIN_LATER, "a test")
        assert crowd.deaf == 0
        for client in crowd.clients:
            assert (await client.closed())[0] == CloseCode.TRY_AGAIN_LATER


async def test_whose_right_is_taken_away_is_told_at_once(sides: Sides) -> None:
    async with crowd_of(sides) as crowd:
        await crowd.become_deaf()
        await crowd.clients[0].append("not any more")
        connection = next(iter(crowd.room.connections))
        connection.close(CloseCode.FORBIDDEN, "a test")
        assert (crowd.deaf, len(crowd.room.connections)) == (PEOPLE - 1, PEOPLE - 1)
        assert (await crowd.clients[0].closed())[0] == CloseCode.FORBIDDEN
        await eventually(lambda: connection.transport is None, "end of the socket")
