"""Delivering a mail: one attempt at it, by the job that its queueing made.

queued -> sending -> ending -> sent, or back to queued after an answer for now, or failed after one for good. It is noted as `ending`
when the carrier has all of it but the last byte, so whoever takes over the job of a process that died knows how far it came: before
that the carrier has thrown it away, and it is sent; after that it may have arrived, so it becomes `unknown` and is never sent again by
itself. The carrier's report, or the operator, decides that (decision 0061).
"""

import asyncio
import json
import random
from contextlib import suppress
from typing import Final

import structlog

from mdreader.features.mail import queries
from mdreader.features.mail.addresses import canonical
from mdreader.features.mail.layout import as_html, as_text
from mdreader.features.mail.queries import MailRow
from mdreader.features.mail.service import TOO_LATE, collect_reports
from mdreader.features.mail.templates import NOTICE_TEMPLATES, content_of
from mdreader.jobs.context import JobContext
from mdreader.jobs.errors import GiveUpError, RetryLaterError
from mdreader.kernel.errors import UnavailableError
from mdreader.kernel.failpoints import hit
from mdreader.kernel.metrics import MAILS
from mdreader.ports.mail import MailMessage, MailRefusedError, MailUnavailableError, MailUncertainError
from mdreader.ports.notices import Notice
from mdreader.ports.rate_limits import Limit
from mdreader.runtime import Runtime

log = structlog.get_logger(__name__)


class _SentMeanwhileError(Exception):
    """A report said that the carrier has it already."""


# Seconds before the second attempt, doubled for each further one.
FIRST_WAIT: Final = 5.0
LONGEST_WAIT: Final = 1800.0
# By then a carrier that reports has said whether it has the mail; seconds.
REPORT_SECONDS: Final = 60.0
# The carrier has it, the database does not answer: so often and so many seconds apart it is tried before that is forgotten.
NOTE_TRIES: Final = 60
NOTE_SECONDS: Final = 0.5
UNKNOWN: Final = "The server ended while it handed this mail over: it has very likely arrived, but nobody can know."
# A worker that stops gives a mail on its way so many seconds.
STOP_SECONDS: Final = 5.0
# What one mailbox gets of each kind that nobody asks for by address: whoever is in an account could fill a stranger's with them.
# Of each kind apart: many harmless ones must not keep a grave one back.
NOTICES: Final = Limit("notices", 10, 3600)


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
        await _hand_over(ctx, mail)
    except _SentMeanwhileError:
        return
    except MailRefusedError as error:
        await _give_up(ctx, mail, str(error))
        raise GiveUpError(str(error)) from error
    except MailUncertainError as error:
        # The carrier is the one that ended. RFC 5321 has who hears no answer send again.
        log.warning("mail_may_go_twice", mail_id=mail.id, template=mail.template)
        async with ctx.write() as tx:
            await queries.mark_queued(tx, mail.id, str(error))
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


async def _hand_over(ctx: JobContext[Runtime], mail: MailRow) -> None:
    """Send it and write that down, also when the worker is told to stop in between."""
    runtime = ctx.runtime

    async def before_end() -> None:
        if not runtime.mail.kept_here:
            await _note_ending(ctx, mail)
        hit("mail.ending")

    async def work() -> None:
        hit("mail.sending")
        carrier_id = await runtime.mail.send(_message(runtime, mail), before_end)
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


async def _note_ending(ctx: JobContext[Runtime], mail: MailRow) -> None:
    # In a transaction of the job: a worker that was taken for dead, and whose mail somebody else sends, lets it go here.
    async with ctx.write() as tx:
        if not await queries.mark_ending(tx, mail.id):
            raise _SentMeanwhileError


async def _begin(ctx: JobContext[Runtime], mail_id: str) -> MailRow | None:
    """Note that the mail is about to leave; None when it must not."""
    runtime = ctx.runtime
    async with ctx.write() as tx:
        mail = await queries.open_mail(tx, mail_id)
        if mail is None:
            return None
        late = runtime.clock.now() > mail.give_up_at
        suppressed = await queries.suppression_of(tx.conn, canonical(mail.recipient))
        if mail.state != "ending" and not late and suppressed is None:
            await queries.mark_sending(tx, mail_id)
    if mail.state == "ending":
        await _leave_open(ctx, mail)
        return None
    if late:
        reason = mail.error or TOO_LATE
        await _give_up(ctx, mail, reason)
        raise GiveUpError(reason)
    if suppressed is not None:
        await _close(ctx, mail, "suppressed", f"No mail goes to this address, after a {suppressed}.")
        return None
    return mail


async def _leave_open(ctx: JobContext[Runtime], mail: MailRow) -> None:
    """Whoever sent it died over its end. A carrier that reports gets a minute for it; then the operator decides."""
    runtime = ctx.runtime
    waiting = runtime.mail_reports is not None and mail.error != UNKNOWN
    async with ctx.write() as tx:
        await queries.mark_unknown(tx, mail.id, UNKNOWN, final=not waiting)
    if waiting:
        raise RetryLaterError(UNKNOWN, seconds=REPORT_SECONDS)
    MAILS.labels("unknown").inc()
    log.warning("mail_may_not_have_gone", mail_id=mail.id, template=mail.template)
    runtime.notices.publish(Notice("mail.unknown", "warning", UNKNOWN, mail.template, {"mail_id": mail.id}))


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
    # Not by the job's own transactions: it is true whoever has the job now.
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
