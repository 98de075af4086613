"""Mails, from the transaction that wants one to the carrier: queued, sending, then sent, failed or suppressed.

A mail is queued with the change it speaks of, in one transaction, and sent by a job. Before it is handed to the carrier it is noted
as `sending`, and as `sent` when the carrier has it. A process that dies between these two, or a connection that ends before the answer,
leaves a mail of which nobody can know whether it went: it is sent again, as the same bytes with the same Message-ID (decision 0061).
"""

import asyncio
import json
import random
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final, cast

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from mdreader.db.engine import Transaction
from mdreader.features.mail import queries
from mdreader.features.mail.addresses import canonical, check_address
from mdreader.features.mail.errors import NotSuppressedError
from mdreader.features.mail.layout import Content, as_html, as_text
from mdreader.features.mail.queries import MailRow, Suppression
from mdreader.features.mail.schemas import MailOut, OutboxOut
from mdreader.features.mail.templates import NOTICE_TEMPLATES, content_of
from mdreader.jobs.context import JobContext
from mdreader.jobs.errors import GiveUpError, RetryLaterError
from mdreader.kernel.errors import UnavailableError
from mdreader.kernel.failpoints import hit
from mdreader.kernel.ids import new_id
from mdreader.kernel.metrics import MAILS
from mdreader.ports.mail import MailMessage, MailRefusedError, MailUnavailableError, MailUncertainError
from mdreader.ports.mail_reports import MailReport
from mdreader.ports.notices import Notice
from mdreader.ports.rate_limits import Limit
from mdreader.runtime import Runtime

log = structlog.get_logger(__name__)

SEND: Final = "mail.send"
_DAY: Final = 24 * 3600 * 1000
# What is not out after this many milliseconds is given up; mails that carry something short-lived say so themselves.
PATIENCE: Final = _DAY
KEPT_FOR: Final = 7 * _DAY
LOGGED_FOR: Final = 30 * _DAY
# Longer than any queue repeats a report.
REPORTS_FOR: Final = 30 * _DAY
# Seconds before the second attempt, doubled for each further one.
FIRST_WAIT: Final = 5.0
LONGEST_WAIT: Final = 1800.0
# By then a carrier that reports has said whether it has the mail; seconds.
REPORT_SECONDS: Final = 60.0
# The carrier has it, the database does not answer: so often and so many seconds apart it is tried before the mail may go twice.
NOTE_TRIES: Final = 60
NOTE_SECONDS: Final = 0.5
TOO_LATE: Final = "It could not be sent in time."
UNKNOWN: Final = "The process that sent it ended: it may have arrived or not."
# A worker that stops gives a mail on its way so many seconds.
STOP_SECONDS: Final = 5.0
# What one mailbox gets of each kind that nobody asks for by address: whoever is in an account could fill a stranger's with them.
# Of each kind apart: many harmless ones must not keep a grave one back.
NOTICES: Final = Limit("notices", 10, 3600)


async def enqueue_mail(runtime: Runtime, tx: Transaction, template: str, to: str, data: Mapping[str, Any]) -> str:
    """Send a mail once `tx` is committed; its id. `data` is what the template needs (`templates`), JSON.

    With `minutes` in it, the mail is not sent after so many. Raises `InvalidInputError` for what is no address, `KeyError` for a
    template or a field that is missing.
    """
    check_address(to)
    mail_id, now = new_id(), runtime.clock.now()
    minutes = data.get("minutes")
    row = {
        "id": mail_id,
        "template": template,
        "recipient": to,
        "data": json.dumps(dict(data)),
        "subject": content_of(template, data).subject if runtime.mail.kept_here else _public_subject(template, data),
        "state": "queued",
        "created_at": now,
        "give_up_at": now + (PATIENCE if minutes is None else minutes * 60_000),
    }
    await queries.insert_mail(tx, row)
    await runtime.jobs.enqueue(tx, SEND, {"mail_id": mail_id})
    hit("mail.before_queued")
    tx.after_commit(lambda: hit("mail.queued"))
    return mail_id


async def deliver(ctx: JobContext[Runtime], mail_id: str) -> None:
    """Send one mail, unless that was done. Raises `RetryLaterError` when the carrier cannot take it now."""
    runtime = ctx.runtime
    if ctx.attempt > 1:
        # A carrier that reports may have said meanwhile that it has the mail of the attempt before.
        with suppress(UnavailableError):
            await collect_reports(runtime)
    elif await _is_one_too_many(ctx, mail_id):
        return
    mail = await _begin(ctx, mail_id)
    if mail is None:
        return
    try:
        await _hand_over(runtime, mail)
    except MailRefusedError as error:
        await _give_up(ctx, mail, str(error))
        raise GiveUpError(str(error)) from error
    except MailUncertainError as error:
        async with ctx.write() as tx:
            await queries.note_uncertainty(tx, mail.id, str(error))
        report = 0.0 if runtime.mail_reports is None else REPORT_SECONDS
        raise RetryLaterError(str(error), seconds=max(report, _wait(mail.attempts + 1))) from error
    except MailUnavailableError as error:
        async with ctx.write() as tx:
            await queries.mark_queued(tx, mail.id, str(error))
        raise RetryLaterError(str(error), seconds=_wait(mail.attempts + 1)) from error
    MAILS.labels("sent").inc()


async def _is_one_too_many(ctx: JobContext[Runtime], mail_id: str) -> bool:
    """Whether a notice is over its mailbox's limit; then it is closed. Counted at the first attempt alone."""
    async with ctx.runtime.database.read() as conn:
        mail = await queries.read_mail(conn, mail_id)
    if mail is None or mail.template not in NOTICE_TEMPLATES:
        return False
    if await ctx.runtime.rate_limits.hit(NOTICES, f"{mail.template}:{canonical(mail.recipient)}") == 0:
        return False
    await _close(ctx, mail, "suppressed", f"There were {NOTICES.count} of the kind to this address within the hour.")
    return True


async def _hand_over(runtime: Runtime, mail: MailRow) -> None:
    """Send it and write that down, also when the worker is told to stop in between."""

    async def work() -> None:
        hit("mail.sending")
        carrier_id = await runtime.mail.send(_message(runtime, mail))
        hit("mail.accepted")
        await _note_sent(runtime, mail, carrier_id)
        hit("mail.noted")

    task = asyncio.create_task(work())
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task], timeout=STOP_SECONDS)
        if not task.done():
            task.cancel()
            raise
        task.result()


async def _begin(ctx: JobContext[Runtime], mail_id: str) -> MailRow | None:
    """Note that the mail is about to leave; None when it must not."""
    runtime = ctx.runtime
    async with ctx.write() as tx:
        mail = await queries.open_mail(tx, mail_id)
        if mail is None:
            return None
        late = runtime.clock.now() > mail.give_up_at
        suppressed = await queries.suppression_of(tx.conn, canonical(mail.recipient))
        if not late and suppressed is None:
            await queries.mark_sending(tx, mail_id)
    if mail.state == "sending":
        # Whoever had it died over it, or was not answered. Whether the carrier has it, nobody here knows.
        log.warning("mail_may_go_twice", mail_id=mail_id, template=mail.template)
    if late:
        reason = mail.error or (UNKNOWN if mail.state == "sending" else TOO_LATE)
        await _give_up(ctx, mail, reason)
        raise GiveUpError(reason)
    if suppressed is not None:
        await _close(ctx, mail, "suppressed", f"No mail goes to this address, after a {suppressed}.")
        return None
    return mail


async def _give_up(ctx: JobContext[Runtime], mail: MailRow, reason: str) -> None:
    await _close(ctx, mail, "failed", reason)
    ctx.runtime.notices.publish(
        Notice("mail.failed", "warning", f"A mail could not be sent: {reason}", mail.template, {"mail_id": mail.id})
    )


async def _close(ctx: JobContext[Runtime], mail: MailRow, state: str, reason: str) -> None:
    async with ctx.write() as tx:
        await queries.mark_closed(tx, mail.id, state, reason)
    MAILS.labels(state).inc()
    log.info("mail_not_sent", mail_id=mail.id, template=mail.template, state=state, reason=reason)


async def _note_sent(runtime: Runtime, mail: MailRow, carrier_id: str) -> None:
    # Not by the job's own transactions: it is true whoever has the job now, and who forgets it sends twice.
    for attempt in range(NOTE_TRIES):
        try:
            async with runtime.database.write() as tx:
                await queries.mark_sent(
                    tx, mail.id, carrier_id=carrier_id, at=runtime.clock.now(), keep=runtime.mail.kept_here
                )
        except UnavailableError:
            if attempt == NOTE_TRIES - 1:
                raise
            await asyncio.sleep(NOTE_SECONDS)
        else:
            return


def _wait(attempts: int) -> float:
    seconds = min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(attempts - 1, 20))
    return seconds * random.uniform(0.75, 1.0)  # noqa: S311 - so that mails do not come back all at once


def _message(runtime: Runtime, mail: MailRow) -> MailMessage:
    content = content_of(mail.template, json.loads(mail.data))
    sender = runtime.policy.mail_from
    domain = canonical(sender.rpartition("<")[2].rstrip("> ")).rpartition("@")[2]
    return MailMessage(
        message_id=f"{mail.id}@{domain}",
        sender=sender,
        to=mail.recipient,
        subject=content.subject,
        text=as_text(content),
        html=as_html(content),
        at=mail.created_at,
        template=mail.template,
        link=content.action[1] if content.action else None,
        code=content.code,
    )


def _public_subject(template: str, data: Mapping[str, Any]) -> str:
    # The subject stays in the log of mails: a code in it must not.
    return content_of(template, {**data, "code": "••••••"} if "code" in data else data).subject


async def read_outbox(runtime: Runtime, conn: AsyncConnection, *, before: str | None, limit: int) -> OutboxOut:
    """Mails, the newest first, older than the one with the id `before`."""
    rows = await queries.newest_mails(conn, before=before, limit=limit + 1)
    kept = runtime.mail.kept_here
    items = [_shown(row, kept=kept) for row in rows[:limit]]
    return OutboxOut(kept=kept, items=items, next_cursor=items[-1].id if len(rows) > limit else None)


def _shown(mail: MailRow, *, kept: bool) -> MailOut:
    content: Content | None = content_of(mail.template, json.loads(mail.data)) if kept and mail.data else None
    return MailOut(
        id=mail.id,
        template=mail.template,
        to=mail.recipient,
        subject=mail.subject,
        state=cast("Any", mail.state),
        error=mail.error,
        created_at=mail.created_at,
        sent_at=mail.sent_at,
        text=as_text(content) if content else None,
        html=as_html(content) if content else None,
        link=content.action[1] if content and content.action else None,
        code=content.code if content else None,
    )


async def take_report(runtime: Runtime, tx: Transaction, report: MailReport) -> None:
    """Do what a carrier's report asks for; one that was heard before changes nothing."""
    now = runtime.clock.now()
    if not await queries.note_report(tx, report.id, now):
        return
    if report.kind == "accepted":
        if report.mail_id is not None:
            await queries.mark_sent(tx, report.mail_id, carrier_id=None, at=now, keep=False)
        return
    for address in report.addresses:
        suppression = Suppression(canonical(address), report.kind, report.detail, now)
        if await queries.suppress(tx, suppression):
            notice = Notice("mail.suppressed", "info", f"No more mail goes to {address}: {report.kind}.", address)
            tx.after_commit(lambda notice=notice: runtime.notices.publish(notice))  # type: ignore[misc]


async def collect_reports(runtime: Runtime) -> None:
    """Take every report out of the carrier's queue. Raises `UnavailableError`."""
    if runtime.mail_reports is None:
        return
    while waiting := await runtime.mail_reports.waiting():
        async with runtime.database.write() as tx:
            for one in waiting:
                if one.report is not None:
                    await take_report(runtime, tx, one.report)
        hit("mail.reports_stored")
        await runtime.mail_reports.remove([one.receipt for one in waiting])


async def list_suppressions(conn: AsyncConnection) -> list[Suppression]:
    """Every address that no mail goes to."""
    return await queries.suppressions(conn)


async def lift_suppression(tx: Transaction, email: str) -> None:
    """Send mail to `email` again. Raises `NotSuppressedError`."""
    if not await queries.lift_suppression(tx, canonical(email)):
        raise NotSuppressedError


async def tidy(runtime: Runtime, tx: Transaction) -> None:
    """Delete old mails, and give up those that no job works on any more."""
    now = runtime.clock.now()
    await queries.give_up_overdue(tx, now=now - 3600 * 1000, reason=TOO_LATE)
    kept = KEPT_FOR if runtime.mail.kept_here else LOGGED_FOR
    await queries.forget_old(tx, mails_before=now - kept, reports_before=now - REPORTS_FOR)
