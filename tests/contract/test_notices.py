"""What every adapter of `ports.notices` does, and what arrives at a topic."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from structlog.testing import capture_logs

from mdreader.adapters import notices_sns
from mdreader.adapters.aws import Aws
from mdreader.adapters.notices_log import LogNotices
from mdreader.adapters.notices_sns import SnsNotices
from mdreader.ports.notices import QUIET_SECONDS, Notice, Notices
from support.aws import REGION
from support.clock import FakeTime

NOTICE = Notice("job.dead", "error", "The job mail failed 5 times", subject="mail", data={"job_id": "1", "tries": 5})


class Topic:
    """A topic of moto's, and a queue that is subscribed to it."""

    def __init__(self, endpoint: str) -> None:
        aws = Aws(REGION, endpoint)
        self.sns: Any = aws.client("sns")
        self._sqs: Any = aws.client("sqs")
        self.arn: str = self.sns.create_topic(Name="operations")["TopicArn"]
        self._url: str = self._sqs.create_queue(QueueName="inbox")["QueueUrl"]
        queue = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])["Attributes"]
        self.sns.subscribe(TopicArn=self.arn, Protocol="sqs", Endpoint=queue["QueueArn"])

    def arrived(self) -> list[dict[str, Any]]:
        answer = self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10)
        return [json.loads(message["Body"]) for message in answer.get("Messages", ())]


@pytest.fixture
def time() -> FakeTime:
    return FakeTime()


@pytest.fixture(autouse=True)
def time_to_send(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that stops sends for some seconds what is left; moto takes longer on a busy machine."""
    monkeypatch.setattr(notices_sns, "FLUSH_SECONDS", 60.0)


@pytest.fixture
def topic(aws_endpoint: str) -> Topic:
    return Topic(aws_endpoint)


@pytest.fixture(params=["log", "sns"])
async def notices(request: pytest.FixtureRequest, time: FakeTime) -> AsyncIterator[Notices]:
    if request.param == "log":
        yield LogNotices(now=time)
        return
    topic: Topic = request.getfixturevalue("topic")
    async with SnsNotices(topic.sns, topic.arn, now=time).running() as made:
        yield made


@pytest.fixture
def lines() -> Any:
    with capture_logs() as captured:
        yield captured


def told(lines: list[Any]) -> list[str]:
    return [line["subject"] for line in lines if line["event"] == "notice"]


async def test_a_notice_is_a_line_of_its_severity(notices: Notices, lines: list[Any]) -> None:
    notices.publish(NOTICE)
    (line,) = [line for line in lines if line["event"] == "notice"]
    assert line["log_level"] == "error"
    assert (line["kind"], line["message"], line["data"]) == (NOTICE.kind, NOTICE.message, NOTICE.data)


async def test_the_same_is_told_once_a_minute(notices: Notices, time: FakeTime, lines: list[Any]) -> None:
    other = Notice("job.dead", "error", "Another", subject="index")
    for _ in range(100):
        notices.publish(NOTICE)
    notices.publish(other)
    assert told(lines) == ["mail", "index"]
    time.now += QUIET_SECONDS
    notices.publish(NOTICE)
    assert told(lines) == ["mail", "index", "mail"]


async def test_a_topic_gets_json_and_attributes_to_filter_by(topic: Topic) -> None:
    async with SnsNotices(topic.sns, topic.arn).running() as notices:
        notices.publish(NOTICE)
    (arrived,) = topic.arrived()
    body = json.loads(arrived["Message"])
    assert {name: body[name] for name in ("kind", "severity", "message", "subject", "data")} == {
        "kind": "job.dead",
        "severity": "error",
        "message": NOTICE.message,
        "subject": "mail",
        "data": {"job_id": "1", "tries": 5},
    }
    assert arrived["MessageAttributes"]["severity"]["Value"] == "error"


async def test_a_subject_of_mail_is_one_short_line_of_ascii(topic: Topic) -> None:
    async with SnsNotices(topic.sns, topic.arn).running() as notices:
        notices.publish(Notice("disk.full", "error", "Größe\r\nBcc: everybody@example.org " + "x" * 200))
    (arrived,) = topic.arrived()
    assert arrived["Subject"].isascii()
    assert arrived["Subject"].isprintable()
    assert len(arrived["Subject"]) < 100


async def test_a_topic_that_is_gone_costs_nobody_an_error(topic: Topic, lines: list[Any]) -> None:
    topic.sns.delete_topic(TopicArn=topic.arn)
    async with SnsNotices(topic.sns, topic.arn).running() as notices:
        notices.publish(NOTICE)
    assert [line["reason"] for line in lines if line["event"] == "notice_not_sent"] == ["NotFound"]
    assert told(lines) == ["mail"]
