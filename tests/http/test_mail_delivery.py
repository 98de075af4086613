"""One attempt at a mail: what comes of it when somebody died over the one before, and what a carrier's report changes."""

import json
from collections.abc import Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, NoReturn, cast

import pytest
from fastapi import FastAPI
from sqlalchemy import text

from mdreader.adapters.mail_reports_ses import report_of
from mdreader.adapters.mail_ses import MAIL_TAG
from mdreader.features.mail import delivery, service
from mdreader.jobs.context import JobContext
from mdreader.jobs.errors import LeaseLostError, RetryLaterError
from mdreader.kernel.errors import UnavailableError
from mdreader.ports.mail import BeforeEnd, MailMessage, MailUncertainError
from mdreader.ports.mail_reports import MailReport, Waiting
from mdreader.ports.notices import Notice
from mdreader.runtime import Runtime
from support.mailbox import insert_mail_on_its_way


class Carrier:
    """Sends for real, and counts."""

    kept_here = False

    def __init__(self) -> None:
        self.sent = 0

    async def send(self, message: MailMessage, before_end: BeforeEnd) -> str:
        await before_end()
        self.sent += 1
        return "id"


class Told:
    """Hears what operators are told."""

    def __init__(self) -> None:
        self.kinds: list[str] = []

    def publish(self, notice: Notice) -> None:
        self.kinds.append(notice.kind)


class Queue:
    """A carrier's queue in which one report waits; None is one that does not answer."""

    def __init__(self, report: MailReport | None) -> None:
        self._report = report
        self.removed: list[str] = []

    async def read(self, body: bytes) -> MailReport | None:
        raise NotImplementedError

    async def waiting(self) -> list[Waiting]:
        if self._report is None:
            raise UnavailableError("the queue is away")
        return [] if self.removed else [Waiting(self._report, "receipt")]

    async def remove(self, receipts: Sequence[str]) -> None:
        self.removed += receipts


SENT: dict[str, Any] = {"eventType": "Send", "mail": {"tags": {MAIL_TAG: ["m1"]}}}
OTHER: dict[str, Any] = {"eventType": "Send", "mail": {"tags": {MAIL_TAG: ["m2"]}}}


async def attempt(runtime: Runtime, number: int = 2) -> None:
    job = SimpleNamespace(runtime=runtime, attempt=number, write=runtime.database.write)
    await delivery.deliver(cast("JobContext[Runtime]", job), "m1")


async def state_of(runtime: Runtime) -> tuple[str, str | None]:
    async with runtime.database.read() as conn:
        row = (await conn.execute(text("SELECT state, error FROM mails"))).one()
    return row.state, row.error


@pytest.mark.parametrize(
    ("said", "times"),
    [
        pytest.param(SENT, 0, id="SES has it"),
        pytest.param(OTHER, 1, id="SES has another"),
        pytest.param(None, 1, id="the queue is away"),
    ],
)
async def test_a_mail_that_was_not_ended_is_sent_unless_ses_has_it(
    app: FastAPI, said: dict[str, Any] | None, times: int
) -> None:
    """Whoever has the job of a sender that died looks into the queue first: SES may have the mail of an earlier attempt."""
    carrier, queue = Carrier(), Queue(None if said is None else report_of(json.dumps(said), "r1"))
    runtime = replace(app.state.runtime, mail=carrier, mail_reports=queue)
    await insert_mail_on_its_way(runtime.database)
    await attempt(runtime)
    assert carrier.sent == times
    assert queue.removed == ([] if said is None else ["receipt"])
    assert await state_of(runtime) == ("sent", None)


@pytest.mark.parametrize("told", ["in time", "late", "never"])
async def test_a_mail_whose_sender_died_over_its_end_is_the_reports_to_decide(app: FastAPI, told: str) -> None:
    carrier, notices = Carrier(), Told()
    runtime = replace(app.state.runtime, mail=carrier, mail_reports=Queue(None), notices=notices)
    await insert_mail_on_its_way(runtime.database, "ending")
    with pytest.raises(RetryLaterError) as raised:
        await attempt(runtime)
    assert raised.value.seconds == delivery.REPORT_SECONDS
    assert await state_of(runtime) == ("ending", delivery.UNKNOWN)
    if told == "in time":
        runtime = replace(runtime, mail_reports=Queue(report_of(json.dumps(SENT), "r1")))
    await attempt(runtime, 3)
    if told == "late":
        runtime = replace(runtime, mail_reports=Queue(report_of(json.dumps(SENT), "r1")))
        await service.collect_reports(runtime)
    assert await state_of(runtime) == (("unknown", delivery.UNKNOWN) if told == "never" else ("sent", None))
    assert notices.kinds == ([] if told == "in time" else ["mail.unknown"])
    assert carrier.sent == 0


async def test_without_reports_it_is_the_operators_to_decide_at_once(app: FastAPI) -> None:
    carrier, notices = Carrier(), Told()
    runtime = replace(app.state.runtime, mail=carrier, mail_reports=None, notices=notices)
    await insert_mail_on_its_way(runtime.database, "ending")
    await attempt(runtime)
    assert (carrier.sent, notices.kinds) == (0, ["mail.unknown"])
    assert await state_of(runtime) == ("unknown", delivery.UNKNOWN)


async def test_a_mail_that_a_report_says_was_sent_meanwhile_is_not_ended(app: FastAPI) -> None:
    class Slow(Carrier):
        async def send(self, message: MailMessage, before_end: BeforeEnd) -> str:
            async with runtime.database.write() as tx:
                await service.take_report(runtime, tx, MailReport("r1", "accepted", (), "m1", ""))
            return await super().send(message, before_end)

    carrier = Slow()
    runtime = replace(app.state.runtime, mail=carrier)
    await insert_mail_on_its_way(runtime.database)
    await attempt(runtime)
    assert carrier.sent == 0
    assert await state_of(runtime) == ("sent", None)


async def test_a_worker_whose_job_is_somebody_elses_by_now_does_not_end_its_mail(app: FastAPI) -> None:
    carrier = Carrier()
    runtime = replace(app.state.runtime, mail=carrier)
    mail = await insert_mail_on_its_way(runtime.database)

    def lost() -> NoReturn:
        raise LeaseLostError("job")

    job = SimpleNamespace(runtime=runtime, attempt=1, write=lost)
    with pytest.raises(LeaseLostError):
        await delivery._hand_over(cast("JobContext[Runtime]", job), mail)
    assert carrier.sent == 0


@pytest.mark.parametrize("reports", [True, False])
async def test_a_mail_that_got_no_answer_waits_for_the_carriers_report(app: FastAPI, reports: bool) -> None:
    class Silent(Carrier):
        async def send(self, message: MailMessage, before_end: BeforeEnd) -> str:
            await before_end()
            raise MailUncertainError("no answer")

    queue = Queue(report_of(json.dumps(OTHER), "r1"))
    runtime = replace(app.state.runtime, mail=Silent(), mail_reports=queue if reports else None)
    await insert_mail_on_its_way(runtime.database)
    with pytest.raises(RetryLaterError) as raised:
        await attempt(runtime)
    assert (raised.value.seconds >= delivery.REPORT_SECONDS) is reports
    assert await state_of(runtime) == ("queued", "no answer")
