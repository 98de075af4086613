"""The job bell over a queue of AWS SQS: heard here at once, and by one waiting worker for each message."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

import structlog

from mdreader.adapters.aws import AwsError, code_of
from mdreader.adapters.job_bell_local import LocalJobBell

log = structlog.get_logger(__name__)

# The longest that SQS lets a request wait: about 130,000 requests a month for each process that listens.
WAIT_SECONDS: Final = 20
# A queue that does not answer is asked again after so long, and not at once.
RETRY_SECONDS: Final = 5.0
# For the last ring, at the end.
FLUSH_SECONDS: Final = 2.0
_MOST: Final = 10  # what SQS hands out at once


class SqsJobBell:
    """Implements `jobs.bell.JobBell`. Who misses a message, because the queue is away or another took it, finds the job by looking.

    `speaker` and `hearer` are clients of SQS; the second is asked to wait, so its read timeout is to be longer than `wait_seconds`.
    """

    def __init__(self, speaker: Any, hearer: Any, queue_url: str, *, wait_seconds: int = WAIT_SECONDS) -> None:
        self._speaker = speaker
        self._hearer = hearer
        self._queue_url = queue_url
        self._wait_seconds = wait_seconds
        self._here = LocalJobBell()
        self._to_send = asyncio.Event()
        self._ended = threading.Event()
        self._hearing: threading.Thread | None = None
        self._loop = asyncio.get_running_loop()

    @asynccontextmanager
    async def running(self) -> AsyncIterator["SqsJobBell"]:
        """Send rings while the block runs, and the last one at its end."""
        sender = self._loop.create_task(self._send(), name="job-bell")
        try:
            yield self
        finally:
            self._ended.set()
            if self._to_send.is_set():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(asyncio.to_thread(self._send_one), FLUSH_SECONDS)
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)

    def ring(self) -> None:
        """See `JobBell.ring`: many while one is being sent are one to the others."""
        self._here.ring()
        self._to_send.set()

    def listen(self, callback: Callable[[], None]) -> Callable[[], None]:
        """See `JobBell.listen`. From the first listener on, this process waits at the queue."""
        if self._hearing is None:
            # Of its own, and a daemon: a request that still waits at the queue must not hold up the end of the process.
            self._hearing = threading.Thread(target=self._hear, name="job-bell", daemon=True)
            self._hearing.start()
        return self._here.listen(callback)

    async def _send(self) -> None:
        while True:
            await self._to_send.wait()
            self._to_send.clear()
            await asyncio.to_thread(self._send_one)

    def _send_one(self) -> None:
        try:
            self._speaker.send_message(QueueUrl=self._queue_url, MessageBody="ring")
        except AwsError as error:
            log.warning("job_bell_not_rung", reason=code_of(error))

    def _hear(self) -> None:
        """Of a thread: wait at the queue, again and again."""
        while not self._ended.is_set():
            try:
                answer = self._hearer.receive_message(
                    QueueUrl=self._queue_url, MaxNumberOfMessages=_MOST, WaitTimeSeconds=self._wait_seconds
                )
                heard = answer.get("Messages", ())
                if heard:
                    # Woken first: a message that could not be removed comes again, which a hint may.
                    self._wake()
                    entries = [{"Id": str(n), "ReceiptHandle": one["ReceiptHandle"]} for n, one in enumerate(heard)]
                    self._hearer.delete_message_batch(QueueUrl=self._queue_url, Entries=entries)
            except AwsError as error:
                log.warning("job_bell_not_heard", reason=code_of(error))
                self._ended.wait(RETRY_SECONDS)

    def _wake(self) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has closed: nobody is left to be woken
            self._loop.call_soon_threadsafe(self._here.ring)
