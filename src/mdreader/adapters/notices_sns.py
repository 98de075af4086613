"""Notices to a topic of AWS SNS, and to the log: the log is still there when the topic is not."""

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

import structlog

from mdreader.adapters.aws import AwsError, code_of
from mdreader.adapters.notices_log import LogNotices
from mdreader.ports.notices import Notice

log = structlog.get_logger(__name__)

# Notices that wait for the topic. They are rare; when this many wait, the topic is the trouble, and the log has them all.
WAITING: Final = 200
# For the last ones, at the end: "the server stops" is one of them.
FLUSH_SECONDS: Final = 3.0
_SUBJECT_CHARACTERS: Final = 99


class SnsNotices:
    """Publishes each notice as JSON, with attributes `kind` and `severity` for filters of subscriptions."""

    def __init__(self, client: Any, topic: str, *, now: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._topic = topic
        self._waiting: asyncio.Queue[Notice | None] = asyncio.Queue()
        self._log = LogNotices(now=now, send=self._enqueue)

    def publish(self, notice: Notice) -> None:
        """See `ports.notices.Notices`."""
        self._log.publish(notice)

    def _enqueue(self, notice: Notice) -> None:
        if self._waiting.qsize() < WAITING:
            self._waiting.put_nowait(notice)
        else:
            log.warning("notice_not_sent", kind=notice.kind, reason="too many wait")

    @asynccontextmanager
    async def running(self) -> AsyncIterator["SnsNotices"]:
        """Send while the block runs, and what is left at its end."""
        sender = asyncio.create_task(self._run())
        try:
            yield self
        finally:
            self._waiting.put_nowait(None)
            _, late = await asyncio.wait({sender}, timeout=FLUSH_SECONDS)
            for task in late:
                task.cancel()
                log.warning("notices_not_sent", count=self._waiting.qsize(), reason="the topic is slow")

    async def _run(self) -> None:
        while (notice := await self._waiting.get()) is not None:
            try:
                await asyncio.to_thread(self._client.publish, **self._message(notice))
            except AwsError as error:
                log.warning("notice_not_sent", kind=notice.kind, reason=code_of(error))

    def _message(self, notice: Notice) -> dict[str, Any]:
        body = {
            "kind": notice.kind,
            "severity": notice.severity,
            "message": notice.message,
            "subject": notice.subject,
            "data": dict(notice.data),
            "host": socket.gethostname(),
            "at": int(time.time() * 1000),
        }
        # A subject goes into the head of a mail: one line of printable ASCII.
        subject = f"mdreader: {notice.message}".encode("ascii", "replace").decode()
        subject = "".join(character if character.isprintable() else " " for character in subject)
        return {
            "TopicArn": self._topic,
            "Subject": subject[:_SUBJECT_CHARACTERS],
            "Message": json.dumps(body, ensure_ascii=False),
            "MessageAttributes": {
                name: {"DataType": "String", "StringValue": value}
                for name, value in (("kind", notice.kind), ("severity", notice.severity))
            },
        }
