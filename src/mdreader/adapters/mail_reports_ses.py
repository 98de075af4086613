"""What SES reports: through SNS to our address, or through SNS to a queue of SQS, or both."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any, Final

import structlog

from mdreader.adapters.aws import AwsError, code_of
from mdreader.adapters.mail_ses import MAIL_TAG
from mdreader.adapters.sns_signature import SnsSignatures
from mdreader.kernel.errors import UnavailableError
from mdreader.ports.mail_reports import ForgedReportError, MailReport, Waiting

log = structlog.get_logger(__name__)

_MOST: Final = 10  # what SQS hands out at once
_DETAIL: Final = 500


class SesReports:
    """Reads reports. `signatures` and `sns` are for our address, `sqs` and `queue_url` for the queue; each may be None."""

    def __init__(
        self, *, signatures: SnsSignatures | None, sns: Any = None, sqs: Any = None, queue_url: str | None = None
    ) -> None:
        self._signatures = signatures
        self._sns = sns
        self._sqs = sqs
        self._queue_url = queue_url

    async def read(self, body: bytes) -> MailReport | None:
        """See `ports.mail_reports.MailReports`. A topic that asks whether we want to hear it is told yes."""
        if self._signatures is None:
            raise ForgedReportError("No topic is expected to report here: SES_EVENTS_TOPIC_ARN is not set.")
        message = await self._signatures.check(body)
        if message["Type"] == "Notification":
            return report_of(message["Message"], message["MessageId"])
        if message["Type"] == "SubscriptionConfirmation":
            # By the token, and not by the address that the message names.
            arguments = {"TopicArn": message["TopicArn"], "Token": message["Token"]}
            await _called(self._sns.confirm_subscription, **arguments)
            log.info("mail_reports_subscribed", topic=message["TopicArn"])
        else:
            log.warning("mail_reports_unsubscribed", topic=message["TopicArn"])
        return None

    async def waiting(self) -> Sequence[Waiting]:
        """See `ports.mail_reports.MailReports`."""
        if self._queue_url is None:
            return ()
        answer = await _called(self._sqs.receive_message, QueueUrl=self._queue_url, MaxNumberOfMessages=_MOST)
        return [
            Waiting(_queued(message["Body"], message["MessageId"]), message["ReceiptHandle"])
            for message in answer.get("Messages", ())
        ]

    async def remove(self, receipts: Sequence[str]) -> None:
        """See `ports.mail_reports.MailReports`."""
        entries = [{"Id": str(number), "ReceiptHandle": receipt} for number, receipt in enumerate(receipts)]
        await _called(self._sqs.delete_message_batch, QueueUrl=self._queue_url, Entries=entries)


async def _called(method: Any, **arguments: Any) -> Any:
    try:
        return await asyncio.to_thread(method, **arguments)
    except AwsError as error:
        raise UnavailableError(f"AWS does not answer as it should: {code_of(error)}.") from error


def _queued(body: str, message_id: str) -> MailReport | None:
    """A message of the queue: SNS's envelope, or what SES said when the subscription delivers it raw."""
    said = _json(body)
    if said.get("Type") == "Notification" and isinstance(said.get("Message"), str):
        return report_of(said["Message"], str(said.get("MessageId", message_id)))
    return report_of(body, message_id)


def report_of(text: str, report_id: str) -> MailReport | None:
    """What SES says, as a report; None for what asks nothing of us."""
    said = _json(text)
    kind = str(said.get("eventType") or said.get("notificationType") or "").lower()
    tags = _part(_part(said, "mail"), "tags").get(MAIL_TAG)
    mail_id = str(tags[0]) if isinstance(tags, list) and tags else None
    if kind in {"send", "delivery"}:
        return MailReport(report_id, "accepted", (), mail_id, "")
    if kind == "bounce":
        bounce = _part(said, "bounce")
        gone = [one for one in _parts(bounce, "bouncedRecipients") if one.get("action", "failed") == "failed"]
        if bounce.get("bounceType") != "Permanent" or not gone:
            return None  # a full mailbox or a server that is down: SES tries again itself
        detail = str(gone[0].get("diagnosticCode") or bounce.get("bounceSubType") or "")[:_DETAIL]
        return MailReport(report_id, "bounce", _addresses(gone), mail_id, detail)
    if kind == "complaint":
        complaint = _part(said, "complaint")
        detail = str(complaint.get("complaintFeedbackType") or "")
        if detail == "not-spam":
            return None
        return MailReport(
            report_id, "complaint", _addresses(_parts(complaint, "complainedRecipients")), mail_id, detail
        )
    return None


def _json(text: str) -> dict[str, Any]:
    try:
        said = json.loads(text)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _part(of: dict[str, Any], name: str) -> dict[str, Any]:
    found = of.get(name)
    return found if isinstance(found, dict) else {}


def _parts(of: dict[str, Any], name: str) -> list[dict[str, Any]]:
    found = of.get(name)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _addresses(recipients: Sequence[dict[str, Any]]) -> tuple[str, ...]:
    return tuple(str(one["emailAddress"]) for one in recipients if one.get("emailAddress"))
