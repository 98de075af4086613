"""How mails leave, and who reports what became of them."""

from typing import Final

from mdreader.adapters.mail_outbox import OutboxMail
from mdreader.kernel.clock import Clock
from mdreader.ports.mail import Mail
from mdreader.ports.mail_reports import MailReports
from mdreader.settings import Settings, SettingsError

# What the SDK has for calls that nobody waits for.
ANSWER_SECONDS: Final = 60


def make_mail(settings: Settings) -> Mail:
    """How mails leave. Raises `SettingsError`."""
    if settings.mail_url is None:
        return OutboxMail()
    from mdreader.adapters.mail_mime import address_of
    from mdreader.ports.mail import MailRefusedError

    try:
        address_of(settings.email_from or "")
    except MailRefusedError as error:
        raise SettingsError(f"email_from: {error}") from None
    if settings.mail_url.startswith("ses:"):
        from mdreader.adapters.aws import Aws
        from mdreader.adapters.mail_ses import SesMail, parse_ses_url

        # One call a mail, and patience for its answer: another call, after one that got lost, would be a second mail.
        aws = Aws(settings.aws_region, settings.aws_endpoint_url)
        client = aws.client("sesv2", retries={"total_max_attempts": 1}, read_timeout=ANSWER_SECONDS)
        return SesMail(client, configuration_set=parse_ses_url(settings.mail_url))
    from mdreader.adapters.mail_smtp import SmtpMail, parse_smtp_url

    try:
        return SmtpMail(parse_smtp_url(settings.mail_url))
    except ValueError as error:
        raise SettingsError(f"mail_url: {error}") from None


def make_mail_reports(settings: Settings, clock: Clock) -> MailReports | None:
    """Where SES reports bounces and complaints."""
    topic, queue = settings.ses_events_topic_arn, settings.ses_events_queue_url
    if topic is None and queue is None:
        return None
    from mdreader.adapters.aws import Aws
    from mdreader.adapters.mail_reports_ses import SesReports
    from mdreader.adapters.sns_signature import SnsSignatures, fetch_certificate

    aws = Aws(settings.aws_region, settings.aws_endpoint_url)
    return SesReports(
        signatures=None if topic is None else SnsSignatures(topic, fetch=fetch_certificate, now=clock.now),
        sns=None if topic is None else aws.client("sns"),
        sqs=None if queue is None else aws.client("sqs"),
        queue_url=queue,
    )
