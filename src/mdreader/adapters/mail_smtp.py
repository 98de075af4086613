"""Mail by SMTP."""

import asyncio
import ssl
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from mdreader.adapters.mail_mime import envelope, mime_of
from mdreader.kernel.tls import system_tls
from mdreader.ports.mail import MailMessage, MailRefusedError, MailUnavailableError, MailUncertainError

if TYPE_CHECKING:
    import aiosmtplib

COMMAND_SECONDS: Final = 30.0
# After the last byte the server works on the mail. RFC 5321 wants ten minutes: who hangs up earlier sends it twice.
ACCEPT_SECONDS: Final = 600.0
PARTING_SECONDS: Final = 2.0
_PERMANENT: Final = range(500, 600)


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

    async def send(self, message: MailMessage) -> str:
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
            response = await _hand_over(client, mime.as_bytes())
        except aiosmtplib.SMTPException as error:
            raise _explained(error) from error
        except OSError as error:
            raise MailUnavailableError(f"The mail server cannot be reached: {error}.") from error
        finally:
            self._part_from(client)
        return response.message

    def _part_from(self, client: "aiosmtplib.SMTP") -> None:
        # Not awaited: the mail is accepted, and that must be written down before anything else.
        task = asyncio.get_running_loop().create_task(_quit(client))
        self._partings.add(task)
        task.add_done_callback(self._partings.discard)


async def _hand_over(client: "aiosmtplib.SMTP", content: bytes) -> "aiosmtplib.SMTPResponse":
    """The mail itself. What ends here without an answer may have ended behind the last byte."""
    import aiosmtplib  # noqa: PLC0415

    try:
        return await client.data(content, timeout=ACCEPT_SECONDS)
    except (aiosmtplib.SMTPServerDisconnected, aiosmtplib.SMTPTimeoutError, OSError) as error:
        raise MailUncertainError(f"The mail server did not say whether it takes the mail: {error}.") from error


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
