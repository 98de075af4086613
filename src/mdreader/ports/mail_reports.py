"""What carriers of mail tell afterwards: that an address does not exist, or that somebody wants no mail."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol


class ForgedReportError(Exception):
    """It was not sent by our carrier, or long ago. The message says what is wrong, for the log."""


@dataclass(frozen=True, slots=True)
class MailReport:
    """One report. `accepted`: the carrier has the mail; `bounce`: the addresses will never take any; `complaint`: nobody there wants ours.

    `id` is the same each time that this report comes; `mail_id` is the mail's, where the carrier knows it.
    """

    id: str
    kind: Literal["accepted", "bounce", "complaint"]
    addresses: tuple[str, ...]
    mail_id: str | None
    detail: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """A report in the carrier's queue; None for one that says nothing to us. `receipt` removes it from there."""

    report: MailReport | None
    receipt: str


class MailReports(Protocol):
    """Where reports come from: they are pushed to us, or wait in a queue, or both."""

    async def read(self, body: bytes) -> MailReport | None:
        """The report in a request from outside; None when it holds none.

        Raises `ForgedReportError`, and `UnavailableError` when it cannot be checked now.
        """
        ...

    async def waiting(self) -> Sequence[Waiting]:
        """Some of the reports that wait in a queue; none when there is no queue. Raises `UnavailableError`."""
        ...

    async def remove(self, receipts: Sequence[str]) -> None:
        """They are stored: take them out of the queue. Raises `UnavailableError`; then they come again."""
        ...
