"""Telling those who run the server what they should hear of, beside the logs."""

import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, Protocol

Kind = Literal[
    "server.started",
    "server.stopping",
    "server.degraded",
    "server.recovered",
    "disk.full",
    "job.dead",
    "mail.suppressed",
    "mail.failed",
    "mail.unknown",
]
Severity = Literal["info", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing that happened. `message` is a sentence for a person, `data` is for programs; neither holds a secret.

    `subject` is what it is about (a job's kind, an address). The same kind and subject are told once in `QUIET_SECONDS`.
    """

    kind: Kind
    severity: Severity
    message: str
    subject: str = ""
    data: Mapping[str, str | int | float | bool | None] = field(default_factory=dict)


QUIET_SECONDS: Final = 60.0


def disk_full() -> Notice:
    """What is told when something could not be stored for want of space: once a host, whoever wanted to store."""
    return Notice("disk.full", "error", "Nothing can be stored: the disk is full", subject=socket.gethostname())


class Notices(Protocol):
    """Carries notices to operators."""

    def publish(self, notice: Notice) -> None:
        """Tell it, later and elsewhere: it neither waits nor raises. Called on the event loop."""
        ...
