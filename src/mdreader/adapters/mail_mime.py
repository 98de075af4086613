"""A mail as the bytes of RFC 5322 and MIME."""

import re
import unicodedata
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime, parseaddr
from typing import Final

from mdreader.ports.mail import MailMessage, MailRefusedError

# RFC 5322's dot-atom, and letters beyond ASCII as RFC 6531 has them.
_LOCAL: Final = re.compile(r"[^\s\"(),:;<>@\[\\\].]+(?:\.[^\s\"(),:;<>@\[\\\].]+)*")
_CONTROLS: Final = {"Cc", "Cs", "Zl", "Zp"}
# Numbers a boundary so that it cannot stand in a text, which is encoded and has no such line.
_BOUNDARY: Final = "=_mdreader_{}"


def address_of(text: str) -> Address:
    """`Name <address>` or an address, its domain in the form that DNS takes. Raises `MailRefusedError` for anything else."""
    _check_line(text)
    name, spec = parseaddr(text)
    local, _, domain = spec.rpartition("@")
    try:
        if not (_LOCAL.fullmatch(local) and domain):
            raise ValueError
        return Address(name, local, domain if domain.isascii() else domain.encode("idna").decode())
    except (HeaderParseError, ValueError, IndexError):
        raise MailRefusedError(f"{spec or text!r} is not an address that mail can be sent to.") from None


def _check_line(text: str) -> None:
    # More than the header policy refuses: some programs end a line at other characters than RFC 5322 does.
    if any(unicodedata.category(character) in _CONTROLS for character in text):
        raise MailRefusedError("A header has no line breaks and no control characters.")


def mime_of(message: MailMessage) -> EmailMessage:
    """`message` with headers and both texts. Equal messages give equal bytes. Raises `MailRefusedError`."""
    to, sender = address_of(message.to), address_of(message.sender)
    _check_line(message.subject)
    _check_line(message.message_id)
    # Only an address with letters beyond ASCII before its @ needs servers that know SMTPUTF8; a name is encoded.
    international = not (to.username.isascii() and sender.username.isascii())
    mime = EmailMessage(policy=SMTPUTF8 if international else SMTP)
    try:
        mime["From"] = sender
        mime["To"] = to
        mime["Subject"] = message.subject
        mime["Date"] = format_datetime(datetime.fromtimestamp(message.at // 1000, UTC))
        mime["Message-ID"] = f"<{message.message_id}>"
        # Out-of-office programs answer nobody then.
        mime["Auto-Submitted"] = "auto-generated"
        mime["X-Auto-Response-Suppress"] = "All"
    except ValueError as error:  # the policy lets no line break into a header
        raise MailRefusedError(f"A header of this mail cannot be written: {error}") from None
    mime.set_content(message.text, cte="quoted-printable")
    mime.add_alternative(message.html, subtype="html", cte="quoted-printable")
    mime.set_boundary(_BOUNDARY.format(message.message_id.partition("@")[0]))
    return mime


def envelope(address: str) -> str:
    """The bare address, as SMTP and SES want it. Raises `MailRefusedError`."""
    return address_of(address).addr_spec
