"""Sending one mail. Who sends, when, and what becomes of a failure is the business of `features.mail`."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Protocol


class MailRefusedError(Exception):
    """This mail will never be taken: the address does not exist, the text is refused. The message says so, for people."""


class MailUnavailableError(Exception):
    """It was not taken now, and may be later: nobody answers, or the settings are wrong. The message says so, for people."""


class MailUncertainError(MailUnavailableError):
    """All of it was handed over, and no answer came: the carrier may have it or not. The message says so, for people."""


# Awaited once, when all of a mail is handed over but its end: until it returns, the carrier cannot take the mail.
BeforeEnd = Callable[[], Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True)
class MailMessage:
    """One mail to one address. Equal messages become equal bytes, so that one that is sent again can be known for what it is.

    `message_id` is unique and without brackets (`0190...@example.org`), `sender` an address or `Name <address>`, `at` milliseconds.
    `template` and `link` are what an operator may see of it: the template's name, and where it leads, if anywhere.
    """

    message_id: str
    sender: str
    to: str
    subject: str
    text: str
    html: str
    at: int
    template: str
    link: str | None = None
    code: str | None = None


class Mail(Protocol):
    """Carries mails out of the house."""

    @property
    def kept_here(self) -> bool:
        """There is no mail server: nothing leaves, and the operator reads the mails here."""
        ...

    async def send(self, message: MailMessage, before_end: BeforeEnd) -> str:
        """Hand `message` over; what the carrier calls it. When this returns, the carrier has it.

        Raises `MailRefusedError`, `MailUnavailableError` when the carrier has it not, and `MailUncertainError` when nobody knows.
        What `before_end` raises is raised, and the carrier has the mail not.
        """
        ...
