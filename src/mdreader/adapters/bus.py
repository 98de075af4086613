"""Named channels between servers, over a link that may be cut at any moment: what fan-out and doorbell stand on.

`Bus` keeps the subscriptions, the queue and the reconnecting; a `Wire` is one connection to Redis or PostgreSQL until it breaks.
"""

import asyncio
import contextlib
import random
import secrets
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, Protocol

import structlog

from mdreader.kernel.metrics import BUS_DROPPED, BUS_GAPS, BUS_UP

log = structlog.get_logger(__name__)

Received = Callable[[str, bytes], None]

ORIGIN_BYTES: Final = 8
# Messages kept while the link is down or slow: an event or a doorbell is about 200 bytes. Beyond it the oldest go.
QUEUE_MESSAGES: Final = 20_000
QUEUE_BYTES: Final = 16 * 1024 * 1024
# One round trip carries at most so many.
BATCH_MESSAGES: Final = 500
# Seconds: the first wait for the link, the longest between two tries, and for one step over the wire.
FIRST_SECONDS: Final = 2.0
SHORTEST_RETRY: Final = 0.05
LONGEST_RETRY: Final = 0.5
STEP_SECONDS: Final = 3.0
# On this channel a server says that messages of its own were lost: everybody is to look at the database.
LOST_CHANNEL: Final = "lost"


class Wire(Protocol):
    """One connection. Every method raises when it is broken; it is thrown away then."""

    async def listen(self, channels: Collection[str]) -> None:
        """Hear what is sent on `channels` from the return of this on."""
        ...

    async def forget(self, channels: Collection[str]) -> None:
        """Hear no more of `channels`."""
        ...

    def send(self, messages: Sequence[tuple[str, bytes]], sent: Callable[[], None]) -> None:
        """Begin to send messages (channel, payload) in their order; `sent` is called when the service has them all, never after `close`.

        A callback and no wait: servers tell each other of every commit. Does not raise: when it fails, or takes too long, `run` does.
        """
        ...

    async def run(self) -> None:
        """Hand over what comes in until the connection breaks; looks for itself whether it still lives."""
        ...

    async def close(self) -> None:
        """Let go of it; never raises."""
        ...


Dial = Callable[[Received], Awaitable[Wire]]


class Bus:
    """Channels between the servers of one database. What a server sends does not come back to it."""

    def __init__(self, dial: Dial, name: str) -> None:
        self._dial = dial
        self._name = name
        self._origin = secrets.token_bytes(ORIGIN_BYTES)
        self._callbacks: dict[str, list[Callable[[bytes], None]]] = {LOST_CHANNEL: [self._told_of_loss]}
        self._gap_callbacks: list[Callable[[], None]] = []
        self._active: set[str] = set()
        self._dirty: set[str] = set()  # channels whose subscription is to be looked at
        self._waiting: dict[str, asyncio.Future[None]] = {}
        self._queue: deque[tuple[str, bytes]] = deque()
        self._queue_bytes = 0
        self._dropped = 0  # since the others were told last
        self._wire: Wire | None = None  # while it stands
        self._under_way: list[tuple[str, bytes]] | None = None  # what was given to it, until that is sent
        self._telling = 0  # of those dropped, how many the others are being told of
        self._about_to_send = False
        self._sent = asyncio.Event()  # nothing waits
        self._sent.set()
        self._to_subscribe = asyncio.Event()
        self._up = asyncio.Event()

    # ---- for the adapters above ----

    @property
    def is_up(self) -> bool:
        """Whether the link stands."""
        return self._up.is_set()

    def publish(self, channel: str, payload: bytes) -> None:
        """Queue a message for the other servers; never blocks, never raises."""
        self._queue.append((channel, self._origin + payload))
        self._queue_bytes += len(payload)
        while self._queue and (len(self._queue) > QUEUE_MESSAGES or self._queue_bytes > QUEUE_BYTES):
            _, lost = self._queue.popleft()
            self._queue_bytes -= len(lost) - ORIGIN_BYTES
            self._dropped += 1
            BUS_DROPPED.inc()
        self._sent.clear()
        self._send_soon()

    async def subscribe(self, channel: str, callback: Callable[[bytes], None]) -> Callable[[], None]:
        """Call `callback` with each message of others; returns, when that holds, the function that ends it.

        While the link is down this returns at once: the gap callbacks are called when it stands again.
        """
        self._callbacks.setdefault(channel, []).append(callback)

        def end() -> None:
            callbacks = self._callbacks.get(channel, [])
            if callback in callbacks:
                callbacks.remove(callback)
            if not callbacks and self._callbacks.pop(channel, None) is not None:
                self._look_at(channel)

        if channel not in self._active or channel in self._dirty:
            self._look_at(channel)
            if self.is_up:
                waiting = self._waiting.get(channel)
                if waiting is None:
                    waiting = self._waiting[channel] = asyncio.get_running_loop().create_future()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(STEP_SECONDS):
                        await asyncio.shield(waiting)
        return end

    def on_gap(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call `callback` when messages may have been missed; returns the function that ends it."""
        self._gap_callbacks.append(callback)

        def end() -> None:
            if callback in self._gap_callbacks:
                self._gap_callbacks.remove(callback)

        return end

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Bus"]:
        """Keep the link up, from here to the end; begins without it when it is not to be had."""
        task = asyncio.get_running_loop().create_task(self._keep_up(), name=f"bus-{self._name}")
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(FIRST_SECONDS):
                    await self._up.wait()
            yield self
            with contextlib.suppress(TimeoutError):  # the last word: that this server's people have left
                async with asyncio.timeout(STEP_SECONDS / 3):
                    await self._sent.wait()
        finally:
            await _end(task)

    # ---- the link ----

    async def _keep_up(self) -> None:
        tries = 0
        missed = False  # the first link that comes at once has nothing to catch up on
        while True:
            wire: Wire | None = None
            try:
                async with asyncio.timeout(STEP_SECONDS):
                    wire = await self._dial(self._received)
                    wanted = set(self._callbacks)
                    await wire.listen(wanted)
                self._stands(wire, wanted, missed=missed)
                tries = 0
                await _until_one_ends(wire.run(), self._subscribe(wire))
            except Exception as error:  # noqa: BLE001 - whatever broke it, it is tried again
                if tries == 0:
                    log.warning("bus_down", bus=self._name, error=_reason(error))
            finally:
                self._falls()
                if wire is not None:
                    await wire.close()
            missed = True
            longest = min(LONGEST_RETRY, SHORTEST_RETRY * 2 ** min(tries, 10))
            tries += 1
            # Jitter: the servers of a fleet lost it in the same moment.
            await asyncio.sleep(longest * random.uniform(0.5, 1))  # noqa: S311

    def _stands(self, wire: Wire, active: set[str], *, missed: bool) -> None:
        self._wire = wire
        self._active = active
        self._dirty = active ^ set(self._callbacks)  # who came or went meanwhile
        self._to_subscribe.set()
        self._up.set()
        BUS_UP.labels(self._name).set(1)
        self._send_soon()
        if missed:
            log.info("bus_up", bus=self._name)
            self._gap()

    def _falls(self) -> None:
        self._wire = None
        if self._under_way is not None:
            # Sent again over the next link: some may arrive twice, which hints can, and none is lost.
            self._queue.extendleft(reversed(self._under_way))
            self._under_way = None
            self._telling = 0
        self._active.clear()
        self._up.clear()
        BUS_UP.labels(self._name).set(0)
        for waiting in self._waiting.values():
            _resolve(waiting)
        self._waiting.clear()

    def _send_soon(self) -> None:
        """Not at once: what is published in the same turn of the loop goes along."""
        if self._wire is not None and self._under_way is None and not self._about_to_send:
            self._about_to_send = True
            asyncio.get_running_loop().call_soon(self._send)

    def _send(self) -> None:
        self._about_to_send = False
        wire = self._wire
        if wire is None or self._under_way is not None:
            return
        if self._dropped:
            self._under_way, self._telling = [], self._dropped
            wire.send([(LOST_CHANNEL, self._origin)], self._on_sent)
        elif self._queue:
            queue = self._queue
            batch = self._under_way = [queue.popleft() for _ in range(min(len(queue), BATCH_MESSAGES))]
            wire.send(batch, self._on_sent)

    def _on_sent(self) -> None:
        for _, payload in self._under_way or ():
            self._queue_bytes -= len(payload) - ORIGIN_BYTES
        self._dropped -= self._telling
        self._under_way, self._telling = None, 0
        if self._queue or self._dropped:
            self._send_soon()
        else:
            self._sent.set()

    async def _subscribe(self, wire: Wire) -> None:
        while not is_cancelled():
            await self._to_subscribe.wait()
            self._to_subscribe.clear()
            dirty, self._dirty = self._dirty, set()
            new = [channel for channel in dirty if channel in self._callbacks and channel not in self._active]
            old = [channel for channel in dirty if channel not in self._callbacks and channel in self._active]
            # Before it is done: who subscribes meanwhile must see that this is to be done again.
            self._active.difference_update(old)
            async with asyncio.timeout(STEP_SECONDS):
                if new:
                    await wire.listen(new)
                    self._active.update(new)
                if old:
                    await wire.forget(old)
            for channel in dirty:
                if channel in self._active or channel not in self._callbacks:
                    waiting = self._waiting.pop(channel, None)
                    if waiting is not None:
                        _resolve(waiting)

    def _look_at(self, channel: str) -> None:
        self._dirty.add(channel)
        self._to_subscribe.set()

    def _received(self, channel: str, message: bytes) -> None:
        if message.startswith(self._origin):
            return
        payload = message[ORIGIN_BYTES:]
        for callback in tuple(self._callbacks.get(channel, ())):
            try:
                callback(payload)
            except Exception:  # a listener's mistake must not break the link of all others
                log.exception("bus_listener_failed", bus=self._name, channel=channel)

    def _told_of_loss(self, _payload: bytes) -> None:
        self._gap()

    def _gap(self) -> None:
        BUS_GAPS.inc()
        for callback in tuple(self._gap_callbacks):
            try:
                callback()
            except Exception:
                log.exception("bus_listener_failed", bus=self._name)


def is_cancelled() -> bool:
    """Whether this task is to end. Asked after each step over a wire: Python 3.11's `wait_for`, inside the clients, may swallow it."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def _until_one_ends(*work: Coroutine[Any, Any, None]) -> None:
    """Run all of `work` until one of it ends, then end the others; raises what the first raised."""
    tasks = [asyncio.get_running_loop().create_task(part) for part in work]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            await _end(task)
    for task in done:
        task.result()


async def _end(task: "asyncio.Task[None]") -> None:
    """Cancel `task` until it heeds it, and wait for its end."""
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=1)


def _resolve(future: "asyncio.Future[None]") -> None:
    if not future.done():
        future.set_result(None)


def _reason(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:300]
