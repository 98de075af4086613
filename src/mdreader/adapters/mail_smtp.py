"""Mail by SMTP."""

import asyncio
import re
import ssl
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from mdreader.adapters.mail_mime import envelope, mime_of
from mdreader.kernel.tls import system_tls
from mdreader.ports.mail import BeforeEnd, MailMessage, MailRefusedError, MailUnavailableError, MailUncertainError

if TYPE_CHECKING:
    import aiosmtplib
    from aiosmtplib.protocol import SMTPProtocol

COMMAND_SECONDS: Final = 30.0
# After the last byte the server works on the mail. RFC 5321 wants ten minutes: who hangs up earlier sends it twice.
ACCEPT_SECONDS: Final = 600.0
PARTING_SECONDS: Final = 2.0
_PERMANENT: Final = range(500, 600)
_GO_ON: Final = 354
_ACCEPTED: Final = 250
# A line of a dot alone ends a mail, so one that begins with a dot gets another (RFC 5321, 4.5.2).
_DOT: Final = re.compile(rb"^\.", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where a mail server is.

    `tls` from the first byte (smtps), or `starttls` demanded of it (smtp, unless it is this machine, or the address says never).
    """

    host: str
    port: int
    user: str | None
    password: str | None = field(repr=False)
    tls: bool
    starttls: bool


def parse_smtp_url(url: str) -> SmtpServer:
    """`smtp://user:password@host:587` or `smtps://...:465`; `?starttls=never` for a relay that knows none, in a network of one's own.

    Raises `ValueError` without naming the password.
    """
    parts = urlsplit(url)
    if not parts.hostname:
        raise ValueError("MAIL_URL names no host: write smtp://user:password@host:587")
    if parts.query not in {"", "starttls=never"}:
        raise ValueError("MAIL_URL: behind the ? only starttls=never is known")
    tls = parts.scheme == "smtps"
    return SmtpServer(
        host=parts.hostname,
        port=parts.port or (465 if tls else 587),
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        tls=tls,
        starttls=not (tls or parts.query or _is_loopback(parts.hostname)),
    )


class SmtpMail:
    """Opens a connection a mail: mails are rare, and a connection that is kept is one that has died when it is needed."""

    kept_here: Final = False

    def __init__(self, server: SmtpServer, *, trust: ssl.SSLContext | None = None) -> None:
        self._server = server
        self._trust = trust
        self._partings: set[asyncio.Task[None]] = set()

    async def send(self, message: MailMessage, before_end: BeforeEnd) -> str:
        """See `ports.mail.Mail`."""
        import aiosmtplib  # noqa: PLC0415 - not before the first mail

        mime = mime_of(message)
        sender, to = envelope(message.sender), envelope(message.to)
        international = not (sender.isascii() and to.isascii())
        server = self._server
        client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.user,
            password=server.password,
            use_tls=server.tls,
            start_tls=server.starttls,
            tls_context=self._trust or (system_tls() if server.tls or server.starttls else None),
            timeout=COMMAND_SECONDS,
            # Our own name is nobody's business, and to ask the resolver for it can take seconds.
            local_hostname="localhost",
        )
        encoding = "utf-8" if international else "ascii"
        try:
            await client.connect()
            if international:
                await client.ehlo()
                if not client.supports_extension("smtputf8"):
                    raise MailRefusedError("The mail server takes no addresses with letters beyond ASCII.")
            await client.mail(sender, options=["SMTPUTF8"] if international else None, encoding=encoding)
            await client.rcpt(to, encoding=encoding)
            said = await _hand_over(client, mime.as_bytes(), before_end)
        except aiosmtplib.SMTPException as error:
            raise _explained(error) from error
        except OSError as error:
            raise MailUnavailableError(f"The mail server cannot be reached: {error}.") from error
        finally:
            self._part_from(client)
        return said

    def _part_from(self, client: "aiosmtplib.SMTP") -> None:
        # Not awaited: the mail is accepted, and that must be written down before anything else.
        task = asyncio.get_running_loop().create_task(_quit(client))
        self._partings.add(task)
        task.add_done_callback(self._partings.discard)


async def _hand_over(client: "aiosmtplib.SMTP", content: bytes, before_end: BeforeEnd) -> str:
    """The mail itself, its lines as CRLF: all of it, then `before_end`, then the dot that ends it; what the server says then.

    `client.data` does it in one piece. A server that sees a connection end before the dot throws away what it has.
    """
    import aiosmtplib  # noqa: PLC0415

    begun = await client.execute_command(b"DATA")
    if begun.code != _GO_ON:
        raise aiosmtplib.SMTPDataError(begun.code, begun.message)
    try:
        _connected(client).write(_DOT.sub(b"..", content))
        await before_end()
        _connected(client)
    except BaseException:
        client.close()  # not parted from: what comes before the dot is text, also a QUIT
        raise
    try:
        response = await client.execute_command(b".", timeout=ACCEPT_SECONDS)
    except (aiosmtplib.SMTPServerDisconnected, aiosmtplib.SMTPTimeoutError, OSError) as error:
        raise MailUncertainError(f"The mail server did not say whether it takes the mail: {error}.") from error
    if response.code != _ACCEPTED:
        raise aiosmtplib.SMTPDataError(response.code, response.message)
    return response.message


def _connected(client: "aiosmtplib.SMTP") -> "SMTPProtocol":
    import aiosmtplib  # noqa: PLC0415

    if client.protocol is None or not client.is_connected:
        raise aiosmtplib.SMTPServerDisconnected("it hung up")
    return client.protocol


async def _quit(client: "aiosmtplib.SMTP") -> None:
    import aiosmtplib  # noqa: PLC0415

    try:
        if client.is_connected:
            await client.quit(timeout=PARTING_SECONDS)
    except (aiosmtplib.SMTPException, OSError):
        pass  # it went first
    finally:
        client.close()


def _explained(error: "aiosmtplib.SMTPException") -> MailRefusedError | MailUnavailableError:
    import aiosmtplib  # noqa: PLC0415

    if isinstance(error, (aiosmtplib.SMTPRecipientRefused, aiosmtplib.SMTPDataError)) and error.code in _PERMANENT:
        return MailRefusedError(f"The mail server refuses it: {error.code} {error.message}")
    if isinstance(error, aiosmtplib.SMTPAuthenticationError):
        return MailUnavailableError(
            f"The mail server does not take the name and password of MAIL_URL: {error.code} {error.message}"
        )
    if isinstance(error, aiosmtplib.SMTPResponseException):
        # Also where it refuses the sender: that is a setting, which somebody can put right.
        return MailUnavailableError(f"The mail server says: {error.code} {error.message}")
    return MailUnavailableError(f"The mail server cannot be used: {error}")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
