"""Log lines: JSON for machines, columns for a terminal; for structlog's loggers and for the standard library's."""

import json
import logging
import re
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from json.encoder import encode_basestring_ascii
from typing import Any, Literal

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

# Whatever logs a URL, the credential in its query must not come along.
_SECRET_IN_URL = re.compile(r"([?&](?:token|ticket|access_token|refresh_token|key)=)[^&\s\"']+", re.IGNORECASE)


def _hide_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    for name, value in event.items():
        if isinstance(value, str) and "=" in value:
            event[name] = _SECRET_IN_URL.sub(r"\1***", value)
    return event


@lru_cache(maxsize=1)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().removesuffix("+00:00")


def _stamp(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """RFC 3339 in UTC with microseconds. A busy server writes many lines in a second, whose name is made once."""
    seconds, nanoseconds = divmod(time.time_ns(), 1_000_000_000)
    event["timestamp"] = f"{_second(seconds)}.{nanoseconds // 1000:06d}Z"
    return event


def to_json_line(event: EventDict, *, default: Callable[[Any], Any]) -> str:
    """What `json.dumps` gives, which makes an encoder for each line; most members are short texts and whole numbers."""
    members = []
    for name, value in event.items():
        if type(value) is str:
            text = encode_basestring_ascii(value)
        elif type(value) is int:
            text = str(value)
        else:
            text = json.dumps(value, default=default)
        members.append(f"{encode_basestring_ascii(name)}: {text}")
    return f"{{{', '.join(members)}}}"


def configure_logs(level: str, form: Literal["auto", "json", "console"]) -> None:
    """Send every logger's lines to standard error; `auto` means console on a terminal, JSON elsewhere."""
    console = form == "console" or (form == "auto" and sys.stderr.isatty())
    before: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False, key="timestamp") if console else _stamp,
    ]
    # plain_traceback: the pretty one prints local variables, and with them passwords and tokens.
    renderer: Processor = (
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback, pad_event_to=24)
        if console
        else structlog.processors.JSONRenderer(serializer=to_json_line)
    )
    after: list[Processor] = [structlog.processors.format_exc_info, _hide_secrets, renderer]
    # Straight to the stream: the way through the standard library costs four times as much a line.
    structlog.configure(
        processors=[*before, *after],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *before],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *after],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)  # what libraries say about their daily work is not ours to store
