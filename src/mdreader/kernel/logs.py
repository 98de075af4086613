"""Log lines: JSON for machines, columns for a terminal; for structlog's loggers and for the standard library's."""

import logging
import re
import sys
from typing import Literal

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

# Whatever logs a URL, the credential in its query must not come along.
_SECRET_IN_URL = re.compile(r"([?&](?:token|ticket|access_token|refresh_token|key)=)[^&\s\"']+", re.IGNORECASE)


def _hide_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    for name, value in event.items():
        if isinstance(value, str) and "=" in value:
            event[name] = _SECRET_IN_URL.sub(r"\1***", value)
    return event


def configure_logs(level: str, form: Literal["auto", "json", "console"]) -> None:
    """Send every logger's lines to standard error; `auto` means console on a terminal, JSON elsewhere."""
    console = form == "console" or (form == "auto" and sys.stderr.isatty())
    before: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="%H:%M:%S" if console else "iso", utc=not console, key="timestamp"),
    ]
    # plain_traceback: the pretty one prints local variables, and with them passwords and tokens.
    renderer: Processor = (
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback, pad_event_to=24)
        if console
        else structlog.processors.JSONRenderer()
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
