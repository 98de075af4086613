"""Sockets that are read together: the loop hears nothing of what comes over them, and nothing of it gets lost."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
import uvloop
from picows import WSFrame, WSListener, WSTransport, ws_create_server
from websockets.asyncio.client import ClientConnection, connect

from mdreader.features.collab import ears as ears_module
from mdreader.features.collab.ears import Ears
from support.ears import bytes_in, descriptor_of
from support.waiting import eventually

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
        descriptor = descriptor_of(self.heard.transport)
        wanted = bytes_in(descriptor) + len(message)
        await self.client.send(message)
        await eventually(lambda: bytes_in(descriptor) >= wanted, "message in the socket")


@pytest.fixture(autouse=True)
def no_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine a stall would look like much to read."""
    monkeypatch.setattr(ears_module, "STRETCH", 3600.0)


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
async def test_who_sends_much_again_is_read_at_once_again(pairs: list[Pair], ears: Ears) -> None:
    ann, bob = pairs
    message = bytes(300_000)
    for turn in range(1, 4):  # the buffer that it is read into grows, and stays so
        sending = asyncio.create_task(ann.client.send(message))
        await eventually(lambda: ears.read() == 1, "the beginning of it")
        assert len(ears) == 1
        await eventually(lambda: len(ann.heard.messages) == turn, "all of it")  # noqa: B023 - awaited here
        await sending
        for _ in range(2):
            ears.take([ann.heard, bob.heard])  # type: ignore[list-item]
        assert len(ears) == 2


@on_both_loops
async def test_who_is_cut_off_is_forgotten(pairs: list[Pair], ears: Ears) -> None:
    ann, _ = pairs
    await ann.send(b"unread")
    assert ann.heard.transport is not None
    ann.heard.transport.disconnect(graceful=False)
    await eventually(lambda: ann.heard.transport is None, "word that it is gone")
    ears.give_back(ann.heard)  # type: ignore[arg-type]
    assert (len(ears), ears.read(), ann.heard.messages) == (1, 0, [])


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
        patch.setattr(ears_module, "STRETCH", -1.0)
        assert ears.read() == 1
    assert len(ears) == 0
    ears.take([pair.heard for pair in pairs])  # type: ignore[misc]
    assert (len(ears), ears._epoll) == (0, None)  # they may have more to say
    await eventually(lambda: ann.heard.messages == bob.heard.messages == [b"one"], "both messages")
