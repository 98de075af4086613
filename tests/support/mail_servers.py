"""Mail servers on this machine: a real SMTP server in the test's own event loop, with or without TLS, and certificates for it."""

import asyncio
import ssl
import warnings
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from types import SimpleNamespace
from typing import Any, Literal

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from mdreader.ports.mail import MailMessage
from support.certificates import certificate, server_tls

Tls = Literal["none", "starttls", "implicit"]
USER, PASSWORD = "mdreader", "päss:word/1"
LINK = "https://notes.example.org/sign-in/link#token=abc_-123"
MESSAGE = MailMessage(
    message_id="019ab0c4-0000-7000-8000-000000000001@notes.example.org",
    sender="Nötes <noreply@notes.example.org>",
    to="ada@example.org",
    subject="Ihr Link — für Ädä",
    text=f"Grüße 🙂\n\n{LINK}\n" + "x" * 2000 + "\n.\nafter a dot\n",
    html=f'<!doctype html><p>Grüße 🙂</p><a href="{LINK}">{"y" * 2000}</a>',
    at=1_795_000_000_123,
    template="magic_link",
    link=LINK,
    code="123456",
)


@dataclass
class Mailbox:
    """An SMTP server that keeps what it accepts. `answer` may refuse a recipient, `on_data` a mail.

    With `hangs_up` the connection ends before it says that it has accepted a mail.
    """

    port: int = 0
    mails: list[Envelope] = field(default_factory=list)
    answer: Callable[[str], str] = lambda _address: "250 OK"
    on_data: Callable[[Envelope], str] = lambda _envelope: "250 queued as 1"
    hangs_up: bool = False
    connection: asyncio.Transport | None = None  # the newest

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        assert isinstance(server.transport, asyncio.Transport)
        self.connection = server.transport
        said = self.answer(address)
        if said.startswith("250"):
            envelope.rcpt_tos.append(address)
        return said

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        said = self.on_data(envelope)
        if said.startswith("250"):
            self.mails.append(envelope)
        if self.hangs_up:
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
        return said

    @property
    def messages(self) -> list[EmailMessage]:
        """What was accepted, parsed."""
        return [parsed(content_of(envelope)) for envelope in self.mails]


async def unasked() -> None:
    """The `before_end` of a mail that is about something else."""


def content_of(envelope: Envelope) -> bytes:
    """The mail's bytes, as they came."""
    assert isinstance(envelope.content, bytes)
    return envelope.content


def parsed(content: bytes) -> EmailMessage:
    """A mail, as a mail program reads it."""
    message = message_from_bytes(content, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


@asynccontextmanager
async def smtp_server(*, tls: Tls = "none", password: bool = False) -> AsyncIterator[Mailbox]:
    """A mail server on a free port of this machine; its certificate is for `localhost`, see `trusting`."""
    box = Mailbox()

    def authenticate(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any) -> AuthResult:
        right = isinstance(data, LoginPassword) and data == LoginPassword(USER.encode(), PASSWORD.encode())
        return AuthResult(success=right, handled=False)

    def protocol() -> SMTP:
        with warnings.catch_warnings():
            # It knows TLS that it began itself, and takes implicit TLS for none.
            warnings.filterwarnings("ignore", message="Requiring AUTH while not requiring TLS")
            return SMTP(
                # Not the box: aiosmtpd looks at every attribute of it, for each connection, and `messages` takes long.
                SimpleNamespace(handle_RCPT=box.handle_RCPT, handle_DATA=box.handle_DATA),
                hostname="mail.test",
                enable_SMTPUTF8=True,
                tls_context=server_tls() if tls == "starttls" else None,
                require_starttls=tls == "starttls",
                auth_required=password,
                auth_require_tls=tls == "starttls",
                authenticator=authenticate if password else None,
            )

    context = server_tls() if tls == "implicit" else None
    server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0, ssl=context)
    box.port = server.sockets[0].getsockname()[1]
    try:
        yield box
    finally:
        server.close()
        await server.wait_closed()


def certificate_pem() -> str:
    """The servers' certificate, for those who should trust it."""
    return certificate()[0].decode()


def trusting() -> ssl.SSLContext:
    """A client's context that trusts the servers of this module, and nobody else."""
    return ssl.create_default_context(cadata=certificate_pem())
