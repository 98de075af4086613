"""Notices as log lines."""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

import structlog

from mdreader.ports.notices import QUIET_SECONDS, Notice

log = structlog.get_logger("mdreader.notices")

_REMEMBERED: Final = 1000


class LogNotices:
    """Writes each notice as one line; `send`, when given, is called with each notice that was written."""

    def __init__(
        self, *, now: Callable[[], float] = time.monotonic, send: Callable[[Notice], None] | None = None
    ) -> None:
        self._now = now
        self._send = send
        self._told: OrderedDict[tuple[str, str], float] = OrderedDict()

    def publish(self, notice: Notice) -> None:
        """See `ports.notices.Notices`."""
        key, now = (notice.kind, notice.subject), self._now()
        told = self._told.get(key)
        if told is not None and now - told < QUIET_SECONDS:
            return
        self._told[key] = now
        self._told.move_to_end(key)
        if len(self._told) > _REMEMBERED:
            self._told.popitem(last=False)
        write = {"info": log.info, "warning": log.warning, "error": log.error}[notice.severity]
        write("notice", kind=notice.kind, subject=notice.subject, message=notice.message, data=dict(notice.data))
        if self._send is not None:
            self._send(notice)
