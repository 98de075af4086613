"""Mails: queued with the change that they speak of, in one transaction; read by the operator; reported by carriers.

`delivery` sends them. Their states are `queued`, `sending`, `ending`, and then `sent`, `failed`, `suppressed` or `unknown`.
"""

import json
from collections.abc import Mapping
from typing import Any, Final, cast

from sqlalchemy.ext.asyncio import AsyncConnection

from mdreader.db.engine import Transaction
from mdreader.features.mail import queries
from mdreader.features.mail.addresses import canonical, check_address
from mdreader.features.mail.errors import NotSendableError, NotSuppressedError
from mdreader.features.mail.layout import Content, as_html, as_text
from mdreader.features.mail.queries import MailRow, Suppression
from mdreader.features.mail.schemas import MailOut, OutboxOut
from mdreader.features.mail.templates import content_of
from mdreader.kernel.failpoints import hit
from mdreader.kernel.ids import new_id
from mdreader.ports.mail_reports import MailReport
from mdreader.ports.notices import Notice
from mdreader.runtime import Runtime

SEND: Final = "mail.send"
_DAY: Final = 24 * 3600 * 1000
# What is not out after this many milliseconds is given up; mails that carry something short-lived say so themselves.
PATIENCE: Final = _DAY
KEPT_FOR: Final = 7 * _DAY
LOGGED_FOR: Final = 30 * _DAY
# Longer than any queue repeats a report.
REPORTS_FOR: Final = 30 * _DAY
TOO_LATE: Final = "It could not be sent in time."


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


def _public_subject(template: str, data: Mapping[str, Any]) -> str:
    # The subject stays in the log of mails: a code in it must not.
    return content_of(template, {**data, "code": "••••••"} if "code" in data else data).subject


async def read_outbox(runtime: Runtime, conn: AsyncConnection, *, before: str | None, limit: int) -> OutboxOut:
    """Mails, the newest first, older than the one with the id `before`."""
    rows = await queries.newest_mails(conn, before=before, limit=limit + 1)
    kept = runtime.mail.kept_here
    now = runtime.clock.now()
    items = [_shown(row, kept=kept, now=now) for row in rows[:limit]]
    return OutboxOut(kept=kept, items=items, next_cursor=items[-1].id if len(rows) > limit else None)


def _shown(mail: MailRow, *, kept: bool, now: int) -> MailOut:
    content: Content | None = content_of(mail.template, json.loads(mail.data)) if kept and mail.data else None
    return MailOut(
        id=mail.id,
        template=mail.template,
        to=mail.recipient,
        subject=mail.subject,
        state=cast("Any", mail.state),
        error=mail.error,
        sendable=mail.state == "unknown" and mail.data != "" and now <= mail.give_up_at,
        created_at=mail.created_at,
        sent_at=mail.sent_at,
        text=as_text(content) if content else None,
        html=as_html(content) if content else None,
        link=content.action[1] if content and content.action else None,
        code=content.code if content else None,
    )


async def send_again(runtime: Runtime, tx: Transaction, mail_id: str) -> None:
    """Send a mail of which nobody knows whether it went. Raises `NotSendableError`."""
    if not await queries.queue_again(tx, mail_id, runtime.clock.now()):
        raise NotSendableError
    await runtime.jobs.enqueue(tx, SEND, {"mail_id": mail_id})


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
