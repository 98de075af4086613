"""What operators hear of a server."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from mdreader.adapters.aws import Aws
from mdreader.bootstrap.telemetry import telling_of_dead_jobs
from mdreader.http.operations import leave
from mdreader.kernel.errors import StorageFullError
from mdreader.ports.notices import Notice
from support.aws import CREDENTIALS, REGION
from support.http import connect
from support.jobs import Workshop
from support.server import Server


class Heard:
    """An operator who writes everything down."""

    def __init__(self) -> None:
        self.notices: list[Notice] = []

    def publish(self, notice: Notice) -> None:
        self.notices.append(notice)

    @property
    def kinds(self) -> list[str]:
        return [notice.kind for notice in self.notices]


@pytest.fixture
def heard(app: FastAPI) -> Heard:
    made = Heard()
    app.state.runtime = replace(app.state.runtime, notices=made)
    return made


@pytest.fixture
async def client(app: FastAPI, heard: Heard) -> AsyncIterator[httpx.AsyncClient]:
    async with connect(app) as made:
        yield made


async def test_a_topic_hears_of_start_and_stop(aws_endpoint: str, tmp_path: Path) -> None:
    aws = Aws(REGION, aws_endpoint)
    sns, sqs = aws.client("sns"), aws.client("sqs")
    topic = sns.create_topic(Name="operations")["TopicArn"]
    queue = sqs.create_queue(QueueName="inbox")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    where = {"SNS_TOPIC_ARN": topic, "AWS_REGION": REGION, "AWS_ENDPOINT_URL": aws_endpoint}
    server = Server(tmp_path / "data", **where, **CREDENTIALS).start()
    assert server.stop() == 0
    messages = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    bodies = [json.loads(json.loads(message["Body"])["Message"]) for message in messages]
    assert sorted(body["kind"] for body in bodies) == ["server.started", "server.stopping"]
    assert {body["data"]["process"] for body in bodies} == {server.pid}


async def test_a_server_that_is_not_ready_says_so_once_and_when_it_is_again(
    client: httpx.AsyncClient, app: FastAPI, heard: Heard
) -> None:
    async def at(revision: str) -> None:
        async with app.state.runtime.database.write() as tx:
            await tx.conn.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})

    async with app.state.runtime.database.read() as conn:
        ours = (await conn.execute(text("SELECT version_num FROM alembic_version"))).scalar_one()
    assert (await client.get("/api/ready")).status_code == 200
    assert heard.kinds == []
    await at("0001")
    for _ in range(3):
        assert (await client.get("/api/ready")).status_code == 503
    assert heard.kinds == ["server.degraded"]
    assert "migrations" in heard.notices[0].message
    await at(ours)
    assert (await client.get("/api/ready")).status_code == 200
    assert heard.kinds == ["server.degraded", "server.recovered"]


async def test_a_stop_in_good_order_is_no_trouble(client: httpx.AsyncClient, app: FastAPI, heard: Heard) -> None:
    leave(app)
    assert (await client.get("/api/ready")).status_code == 503
    assert heard.kinds == []


async def test_a_full_disk_is_told(client: httpx.AsyncClient, app: FastAPI, heard: Heard) -> None:
    @app.get("/api/full")
    async def full() -> None:
        raise StorageFullError

    app.router.routes.insert(0, app.router.routes.pop())  # before the page, which takes every other path
    assert (await client.get("/api/full")).status_code == 503
    assert heard.kinds == ["disk.full"]


async def test_a_job_that_failed_for_the_last_time_is_told_without_its_words(app: FastAPI, heard: Heard) -> None:
    workshop = Workshop(app.state.runtime.database)

    async def fail(_ctx: Any, _payload: Any) -> None:
        raise ValueError("what somebody wrote")

    workshop.registry.add("fail", fail, max_attempts=1)
    async with workshop.working(on_dead=telling_of_dead_jobs(app.state.runtime)):
        await workshop.until(await workshop.enqueue("fail"), "dead")
    assert heard.kinds == ["job.dead"]
    assert "fail" in heard.notices[0].message
    assert "somebody" not in repr(heard.notices)
