"""A server that is killed while a mail is on its way, and one that is told to stop."""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from fastapi import FastAPI
from sqlalchemy import text
from structlog.testing import capture_logs

from mdreader.bootstrap.database import open_database
from mdreader.bootstrap.runtime import build_runtime
from mdreader.db.engine import Database
from mdreader.features.mail import delivery, service
from mdreader.jobs.context import JobContext
from mdreader.ports.mail import BeforeEnd, MailMessage
from mdreader.runtime import Runtime
from mdreader.settings import Settings, SettingsError, load_settings
from support.aws import CREDENTIALS
from support.mail_servers import content_of, smtp_server
from support.mailbox import insert_mail_on_its_way
from support.server import Server

LINK = {"link": "https://notes.example.org/login"}


async def put(settings: Settings, to: str) -> str:
    """Queue a mail as a request would, while no server runs."""
    without_worker = settings.model_copy(update={"worker": "off"})
    async with build_runtime(without_worker) as runtime, runtime.database.write() as tx:
        return await service.enqueue_mail(runtime, tx, "email_taken", to, LINK)


async def leases_end(database: Database) -> None:
    """As half a minute later: a dead worker's jobs are free."""
    async with database.write() as tx:
        await tx.conn.execute(text("UPDATE jobs SET due_at = 0 WHERE finished_at IS NULL"))


async def state(database: Database, mail_id: str) -> str:
    async with database.read() as conn:
        return str(await conn.scalar(text("SELECT state FROM mails WHERE id = :id"), {"id": mail_id}))


async def test_a_mail_is_neither_lost_nor_doubled_by_death_at_any_step(
    tmp_path: Path, new_server: Callable[[Path], Server]
) -> None:
    """Before its end nobody has it, and it goes once. After that it goes no second time by itself, and the operator knows."""
    server = new_server(tmp_path)
    settings = load_settings(data=tmp_path, database_url=server._environment.get("DATABASE_URL"))
    async with open_database(settings) as database, smtp_server() as box:
        carrier = {"MAIL_URL": f"smtp://127.0.0.1:{box.port}", "EMAIL_FROM": "noreply@notes.example.org"}

        def kill(_mail_or_recipient: object) -> str:
            os.kill(server.pid, signal.SIGKILL)
            return "250 OK"

        async def dies(step: str, *, failpoint: str = "") -> str:
            """The mail that was on its way when the server died at `step`."""
            mail_id = await put(settings, f"{step}@example.org")
            await asyncio.to_thread(die, server, MDREADER_FAILPOINTS=failpoint, **carrier)
            return mail_id

        mails = [await dies("begun", failpoint="mail.sending")]
        box.answer = kill
        mails.append(await dies("addressed"))
        box.answer = lambda _address: "250 OK"
        mails.append(await dies("all-but-its-end", failpoint="mail.ending"))
        box.on_data = kill  # the mail server takes it, but nobody hears the answer
        mails.append(await dies("unanswered"))
        box.on_data = lambda _envelope: "250 queued"
        mails.append(await dies("accepted", failpoint="mail.accepted"))
        mails.append(await dies("noted", failpoint="mail.noted"))
        assert [await state(database, mail) for mail in mails] == ["sending", "sending", *["ending"] * 3, "sent"]

        await leases_end(database)
        await asyncio.to_thread(server.start, **carrier)
        for mail, settled in zip(mails, ["sent", "sent", *["unknown"] * 3, "sent"], strict=True):
            await until(database, mail, settled)
        await asyncio.to_thread(server.stop)
    arrived = Counter(mail.rcpt_tos[0].partition("@")[0] for mail in box.mails)
    assert arrived == {"begun": 1, "addressed": 1, "unanswered": 1, "accepted": 1, "noted": 1}
    assert {message["Message-ID"] for message in box.messages} == {
        f"<{mail}@notes.example.org>" for mail in mails if mail != mails[2]
    }
    assert sum("mail_may_not_have_gone" in line for line in server.log) == 3
    assert not any("mail_may_go_twice" in line for line in server.log)


def die(server: Server, **environment: str) -> None:
    with suppress(RuntimeError):  # it died before it listened
        server.start(**environment)
    assert server.wait() == -9


async def test_a_mail_that_got_no_answer_goes_again_as_the_same_bytes_and_the_log_says_so(settings: Settings) -> None:
    async with smtp_server() as box:
        url = f"smtp://127.0.0.1:{box.port}"
        changed = load_settings(
            **{**settings.model_dump(exclude_unset=True), "mail_url": url, "email_from": "noreply@notes.example.org"}
        )
        box.hangs_up = True
        with capture_logs() as lines:
            async with build_runtime(changed) as runtime:
                async with runtime.database.write() as tx:
                    ada = await service.enqueue_mail(runtime, tx, "email_taken", "ada@example.org", LINK)
                await until(runtime.database, ada, "queued", error="did not say whether")
                box.hangs_up = False
                await try_again_now(runtime)
                await until(runtime.database, ada, "sent")
    assert len(box.mails) == 2
    assert content_of(box.mails[0]) == content_of(box.mails[1])
    assert [line["mail_id"] for line in lines if line["event"] == "mail_may_go_twice"] == [ada]


async def test_a_mail_on_its_way_is_written_down_when_the_worker_is_told_to_stop(app: FastAPI) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    class Slow:
        kept_here = False

        async def send(self, message: MailMessage, before_end: BeforeEnd) -> str:
            await before_end()
            begun.set()
            await go_on.wait()
            return "250"

    runtime = replace(app.state.runtime, mail=Slow())
    mail = await insert_mail_on_its_way(runtime.database)
    job = SimpleNamespace(runtime=runtime, attempt=1, write=runtime.database.write)
    task = asyncio.create_task(delivery._hand_over(cast("JobContext[Runtime]", job), mail))
    await begun.wait()
    task.cancel()
    go_on.set()
    await task
    assert await state(runtime.database, "m1") == "sent"


async def test_a_mail_server_that_is_away_is_tried_again_and_one_that_refuses_is_not(settings: Settings) -> None:
    async with smtp_server() as box:
        url = f"smtp://127.0.0.1:{box.port}"
        changed = load_settings(
            **{**settings.model_dump(exclude_unset=True), "mail_url": url, "email_from": "noreply@notes.example.org"}
        )
        box.answer = lambda _address: "450 come back"
        async with build_runtime(changed) as runtime:
            async with runtime.database.write() as tx:
                ada = await service.enqueue_mail(runtime, tx, "email_taken", "ada@example.org", LINK)
            await until(runtime.database, ada, "queued", error="450")
            box.answer = lambda _address: "250 OK"
            await try_again_now(runtime)
            await until(runtime.database, ada, "sent")
            box.answer = lambda _address: "550 no such person"
            async with runtime.database.write() as tx:
                ben = await service.enqueue_mail(runtime, tx, "email_taken", "ben@example.org", LINK)
            await until(runtime.database, ben, "failed", error="550")
        assert [mail.rcpt_tos for mail in box.mails] == [["ada@example.org"]]
        async with open_database(settings) as database, database.read() as conn:
            # What was in them is gone: links that sign in must not lie about.
            assert set(await conn.scalars(text("SELECT data FROM mails"))) == {""}


async def try_again_now(runtime: Runtime) -> None:
    """As soon as the job waits for its next attempt: have that be now."""
    async with asyncio.timeout(60):
        while True:
            async with runtime.database.write() as tx:
                waiting = text("UPDATE jobs SET due_at = 0 WHERE kind = 'mail.send' AND state = 'waiting'")
                if (await tx.conn.execute(waiting)).rowcount:
                    break
            await asyncio.sleep(0.01)
    runtime.jobs.bell.ring()


async def until(database: Database, mail_id: str, wanted: str, *, error: str = "") -> None:
    async with asyncio.timeout(60):
        while True:
            async with database.read() as conn:
                row = (await conn.execute(text("SELECT state, error FROM mails WHERE id = :id"), {"id": mail_id})).one()
            if row.state == wanted and error in (row.error or ""):
                return
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("values", "setting"),
    [
        ({"mail_url": "smtp://mail.example.org", "email_from": "nobody"}, "email_from"),
        ({"mail_url": "smtp:", "email_from": "a@example.org"}, "mail_url"),
        (
            {
                "aws_s3_bucket": "files",
                "aws_region": "eu-central-1",
                "cloudfront_domain": "d.cloudfront.net",
                "cloudfront_key_id": "K1",
                "cloudfront_private_key": "no key",
            },
            "cloudfront_private_key",
        ),
    ],
)
async def test_a_setting_that_cannot_work_stops_the_start(
    settings: Settings, values: dict[str, str], setting: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=setting):
        async with build_runtime(settings.model_copy(update=values)):
            pass
