"""Reports of SES: signed by SNS over HTTPS, or waiting in a queue. Nobody else's are heard, and each counts once."""

import base64
import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.x509.oid import NameOID
from fastapi import FastAPI

from mdreader.adapters.aws import Aws
from mdreader.adapters.mail_reports_ses import SesReports, report_of
from mdreader.adapters.sns_signature import _SIGNED, SnsSignatures
from mdreader.features.mail import service
from mdreader.kernel.errors import UnavailableError
from mdreader.main import create_app
from mdreader.settings import Settings
from support.aws import REGION
from support.http import connect
from support.keys import private_key

TOPIC = f"arn:aws:sns:{REGION}:123456789012:mail"
CERTIFICATE = f"https://sns.{REGION}.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem"
BOUNCE = {
    "notificationType": "Bounce",
    "bounce": {
        "bounceType": "Permanent",
        "bouncedRecipients": [
            {
                "emailAddress": "Gone@Example.org",
                "action": "failed",
                "diagnosticCode": "smtp; 550 5.1.1 no such person",
            },
            {"emailAddress": "slow@example.org", "action": "delayed"},
        ],
    },
    "mail": {"messageId": "1"},
}


def certificate(name: str, *, days: int = 1) -> bytes:
    key = private_key(name)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    end = dt.datetime.now(dt.UTC) + dt.timedelta(days=days)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(end - dt.timedelta(days=30))
        .not_valid_after(end)
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM)


def signed(*, key: str = "sns", version: str = "2", **changes: Any) -> dict[str, Any]:
    message = {
        "Type": "Notification",
        "MessageId": "m-1",
        "TopicArn": TOPIC,
        "Subject": None,
        "Message": json.dumps(BOUNCE),
        "Timestamp": dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "SignatureVersion": version,
        "SigningCertURL": CERTIFICATE,
        **changes,
    }
    text = "".join(f"{name}\n{message[name]}\n" for name in _SIGNED[message["Type"]] if message.get(name) is not None)
    how = {"1": hashes.SHA1, "2": hashes.SHA256}[version]()
    message["Signature"] = base64.b64encode(private_key(key).sign(text.encode(), PKCS1v15(), how)).decode()
    return {name: value for name, value in message.items() if value is not None}


@pytest.fixture
async def listening(app: FastAPI) -> "Listening":
    return Listening(app)


class Listening:
    """An application that takes reports, with certificates from this test instead of AWS."""

    def __init__(self, app: FastAPI, **parts: Any) -> None:
        self.app = app
        self.asked: list[str] = []
        self.certificates: dict[str, bytes] = {CERTIFICATE: certificate("sns")}
        runtime = app.state.runtime
        signatures = SnsSignatures(TOPIC, fetch=self._fetch, now=runtime.clock.now)
        object.__setattr__(runtime, "mail_reports", SesReports(signatures=signatures, **parts))

    async def _fetch(self, url: str) -> bytes:
        self.asked.append(url)
        if url not in self.certificates:
            raise UnavailableError("nobody there")
        return self.certificates[url]

    async def post(self, message: dict[str, Any] | bytes) -> httpx.Response:
        body = message if isinstance(message, bytes) else json.dumps(message).encode()
        async with connect(self.app) as client:
            # SNS says text/plain.
            return await client.post("/api/mail/sns", content=body, headers={"Content-Type": "text/plain"})

    async def suppressed(self) -> list[str]:
        async with self.app.state.runtime.database.read() as conn:
            return [one.email for one in await service.list_suppressions(conn)]


@pytest.mark.parametrize("version", ["1", "2"])
async def test_a_signed_bounce_holds_the_address_back(listening: Listening, version: str) -> None:
    assert (await listening.post(signed(version=version))).status_code == 204
    assert await listening.suppressed() == ["gone@example.org"]
    assert (await listening.post(signed(MessageId="m-2"))).status_code == 204
    assert listening.asked == [CERTIFICATE]  # once for both


TAMPERED: list[Callable[[Any], Any]] = [
    lambda m: {**m, "Message": m["Message"].replace("Gone", "Boss")},
    lambda m: {**m, "MessageId": "m-2"},
    lambda m: {**m, "Subject": "x"},
    lambda m: {**m, "Signature": "AAAA"},
    lambda m: {**m, "Signature": "no base 64!"},
    lambda m: {**m, "SignatureVersion": "3"},
    lambda _: signed(key="somebody"),
    lambda _: signed(TopicArn=f"arn:aws:sns:{REGION}:666666666666:mail"),
    lambda _: signed(Timestamp="2020-01-01T00:00:00.000Z"),
    lambda _: signed(Timestamp="2099-01-01T00:00:00.000Z"),
    lambda _: signed(Timestamp="yesterday"),
    lambda _: signed(SigningCertURL="https://evil.example.org/SimpleNotificationService-0123.pem"),
    lambda _: signed(SigningCertURL="http://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0123.pem"),
    lambda _: signed(SigningCertURL="https://sns.eu-central-1.amazonaws.com.evil.org/SimpleNotificationService-01.pem"),
    lambda _: signed(SigningCertURL="https://sns.eu-central-1.amazonaws.com@evil.org/SimpleNotificationService-01.pem"),
    lambda _: signed(SigningCertURL="https://sns.eu-central-1.amazonaws.com:81/SimpleNotificationService-01.pem"),
    lambda _: signed(SigningCertURL="https://sns.eu-central-1.amazonaws.com/bucket/evil.pem"),
    lambda _: signed(SigningCertURL=CERTIFICATE + "?x=1"),
    lambda _: b"{",
    lambda _: b"[]",
    lambda _: {"Type": "Notification"},
    lambda _: {"Type": "Other"},
]


async def test_nobody_else_is_heard(listening: Listening) -> None:
    for tamper in TAMPERED:
        message = tamper(signed())
        answer = await listening.post(message)
        assert (answer.status_code, answer.json()["code"]) == (403, "report_refused"), message
    assert await listening.suppressed() == []
    assert set(listening.asked) <= {CERTIFICATE}  # never fetched from where the message says, unless that is SNS


async def test_an_expired_certificate_proves_nothing(listening: Listening) -> None:
    listening.certificates[CERTIFICATE] = certificate("sns", days=-1)
    assert (await listening.post(signed())).status_code == 403


async def test_a_certificate_that_cannot_be_had_means_try_again(listening: Listening) -> None:
    listening.certificates.clear()
    assert (await listening.post(signed())).status_code == 503
    assert await listening.suppressed() == []


async def test_a_report_that_is_played_again_does_not_undo_what_the_operator_did(listening: Listening) -> None:
    message = signed()
    assert (await listening.post(message)).status_code == 204
    async with listening.app.state.runtime.database.write() as tx:
        await service.lift_suppression(tx, "gone@example.org")
    assert (await listening.post(message)).status_code == 204
    assert await listening.suppressed() == []


async def test_without_the_setting_nothing_is_taken(app: FastAPI) -> None:
    async with connect(app) as client:
        answer = await client.post("/api/mail/sns", content=json.dumps(signed()))
    assert (answer.status_code, answer.json()["code"]) == (404, "reports_not_taken")


async def test_a_subscription_is_confirmed_by_its_token_and_never_by_its_address(app: FastAPI) -> None:
    confirmed: list[dict[str, Any]] = []

    class Sns:
        def confirm_subscription(self, **arguments: Any) -> None:
            confirmed.append(arguments)

    listening = Listening(app, sns=Sns())
    asks = {
        "Type": "SubscriptionConfirmation",
        "Token": "t",
        "SubscribeURL": "https://evil.example.org/",
        "Message": "?",
    }
    assert (await listening.post(signed(**asks))).status_code == 204
    assert confirmed == [{"TopicArn": TOPIC, "Token": "t"}]
    forged = signed(**asks, key="somebody")
    assert (await listening.post(forged)).status_code == 403
    assert len(confirmed) == 1
    assert (await listening.post(signed(**{**asks, "Type": "UnsubscribeConfirmation"}))).status_code == 204
    assert listening.asked == [CERTIFICATE]


async def test_reports_wait_in_a_queue_and_are_taken_out_of_it(app: FastAPI, aws_endpoint: str) -> None:
    aws = Aws(REGION, aws_endpoint)
    sns, sqs = aws.client("sns"), aws.client("sqs")
    topic = sns.create_topic(Name="mail")["TopicArn"]
    url = sqs.create_queue(QueueName="mail")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    for _ in range(12):  # more than a queue hands out at once
        sns.publish(TopicArn=topic, Message=json.dumps(BOUNCE))
    complaint = {
        "eventType": "Complaint",
        "complaint": {"complainedRecipients": [{"emailAddress": "cross@example.org"}]},
    }
    sqs.send_message(QueueUrl=url, MessageBody=json.dumps(complaint))  # as a subscription delivers it raw
    sqs.send_message(QueueUrl=url, MessageBody="no JSON")
    listening = Listening(app, sqs=sqs, queue_url=url)
    await service.collect_reports(app.state.runtime)
    assert sorted(await listening.suppressed()) == ["cross@example.org", "gone@example.org"]
    left = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert (left["ApproximateNumberOfMessages"], left["ApproximateNumberOfMessagesNotVisible"]) == ("0", "0")


@pytest.mark.parametrize(
    "said",
    [
        {
            "notificationType": "Bounce",
            "bounce": {"bounceType": "Transient", "bouncedRecipients": [{"emailAddress": "a@b"}]},
        },
        {"notificationType": "Complaint", "complaint": {"complaintFeedbackType": "not-spam"}},
        {"notificationType": "Bounce", "bounce": "x"},
        {"notificationType": "AmazonSnsSubscriptionSucceeded"},
        {"eventType": "Open"},
        [],
        {"bounce": {}},
    ],
)
def test_what_asks_nothing_of_us_is_no_report(said: Any) -> None:
    assert report_of(json.dumps(said), "r") is None


async def test_the_settings_choose_reports(settings: Settings, aws_endpoint: str) -> None:
    changed = settings.model_copy(update={"ses_events_topic_arn": TOPIC, "aws_region": REGION})
    app = create_app(changed)
    async with app.router.lifespan_context(app), connect(app) as client:
        answer = await client.post("/api/mail/sns", content=json.dumps(signed(TopicArn="arn:aws:sns:x:1:other")))
    assert (answer.status_code, answer.json()["code"]) == (403, "report_refused")
