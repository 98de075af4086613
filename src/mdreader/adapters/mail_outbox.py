"""No mail server: the mail stays in the database, where the operator reads it in the page, and the console shows where it leads."""

from typing import Final

import structlog

from mdreader.ports.mail import BeforeEnd, MailMessage

log = structlog.get_logger("mdreader.mail")


class OutboxMail:
    """Says on the console that there is a mail, with its link and its code: whoever can read that runs the server."""

    kept_here: Final = True

    async def send(self, message: MailMessage, before_end: BeforeEnd) -> str:
        """See `ports.mail.Mail`."""
        from mdreader.adapters.mail_mime import mime_of  # noqa: PLC0415 - not before the first mail

        mime_of(message)  # what no mail server would take is refused here, too
        await before_end()
        shown = {"link": message.link, "code": message.code}
        log.info(
            "mail",
            to=message.to,
            subject=message.subject,
            **{name: value for name, value in shown.items() if value is not None},
        )
        return message.message_id
