"""The statements of mail."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import bindparam, case, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from mdreader.db.engine import Transaction
from mdreader.features.mail.tables import mail_reports, mail_suppressions, mails


@dataclass(frozen=True, slots=True)
class MailRow:
    """A mail as it is stored. Instants in milliseconds; `data` is JSON, empty once it has left."""

    id: str
    template: str
    recipient: str
    data: str
    subject: str
    state: str
    attempts: int
    error: str | None
    created_at: int
    give_up_at: int
    sent_at: int | None


@dataclass(frozen=True, slots=True)
class Suppression:
    """An address that no mail goes to."""

    email: str
    reason: str
    detail: str
    created_at: int


_COLUMNS: Final = [mails.c[name] for name in MailRow.__dataclass_fields__]
_UNDECIDED: Final = ("queued", "sending", "ending")
_OPEN: Final = mails.c.state.in_(_UNDECIDED)
_READ: Final = select(*_COLUMNS).where(mails.c.id == bindparam("mail_id"))
_ONE: Final = select(*_COLUMNS).where(mails.c.id == bindparam("mail_id"), _OPEN).with_for_update()
_BEGIN: Final = (
    update(mails).where(mails.c.id == bindparam("of")).values(state="sending", attempts=mails.c.attempts + 1)
)
_END: Final = update(mails).where(mails.c.id == bindparam("of"), mails.c.state == "sending").values(state="ending")
_ACCEPTED: Final = (
    update(mails)
    .where(mails.c.id == bindparam("of"), mails.c.state.in_((*_UNDECIDED, "unknown")))
    .values(state="sent", sent_at=bindparam("at"), carrier_id=bindparam("carrier"), error=None)
)
# One statement: whatever is between the carrier's answer and the commit is time to die in, and to send twice.
_ACCEPTED_AND_EMPTIED: Final = _ACCEPTED.values(data="")
_CLOSE: Final = (
    update(mails)
    .where(mails.c.id == bindparam("of"), _OPEN)
    .values(state=bindparam("ending"), error=bindparam("reason"), data="")
)
_AGAIN: Final = (
    update(mails).where(mails.c.id == bindparam("of"), _OPEN).values(state="queued", error=bindparam("reason"))
)
_LEFT_OPEN: Final = (
    update(mails)
    .where(mails.c.id == bindparam("of"), mails.c.state == "ending")
    .values(state=bindparam("then"), error=bindparam("reason"))
)
_RESEND: Final = (
    update(mails)
    .where(
        mails.c.id == bindparam("of"),
        mails.c.state == "unknown",
        mails.c.data != "",
        mails.c.give_up_at >= bindparam("now"),
    )
    .values(state="queued", error=None)
)
_SUPPRESSED: Final = select(mail_suppressions.c.reason).where(mail_suppressions.c.email == bindparam("address"))
_SUPPRESSIONS: Final = select(mail_suppressions).order_by(
    mail_suppressions.c.created_at.desc(), mail_suppressions.c.email
)


async def insert_mail(tx: Transaction, row: dict[str, Any]) -> None:
    """Queue a mail."""
    await tx.conn.execute(mails.insert(), row)


async def open_mail(tx: Transaction, mail_id: str) -> MailRow | None:
    """A mail that is not done with, locked; None when it is, or is no more."""
    row = (await tx.conn.execute(_ONE, {"mail_id": mail_id})).one_or_none()
    return None if row is None else MailRow(*row)


async def read_mail(conn: AsyncConnection, mail_id: str) -> MailRow | None:
    """A mail as it is, left alone; None when it is no more."""
    row = (await conn.execute(_READ, {"mail_id": mail_id})).one_or_none()
    return None if row is None else MailRow(*row)


async def mark_sending(tx: Transaction, mail_id: str) -> None:
    """An attempt begins."""
    await tx.conn.execute(_BEGIN, {"of": mail_id})


async def mark_ending(tx: Transaction, mail_id: str) -> bool:
    """The carrier has all of it but the end: from here on it may take it. False when it has one from before."""
    return (await tx.conn.execute(_END, {"of": mail_id})).rowcount == 1


async def mark_sent(tx: Transaction, mail_id: str, *, carrier_id: str | None, at: int, keep: bool) -> bool:
    """The carrier has it; its data goes, unless it is kept. False when that was known, or it was given up."""
    statement = _ACCEPTED if keep else _ACCEPTED_AND_EMPTIED
    found = await tx.conn.execute(statement, {"of": mail_id, "at": at, "carrier": carrier_id})
    return found.rowcount == 1


async def mark_closed(tx: Transaction, mail_id: str, state: str, reason: str) -> None:
    """It will not be sent: `failed` or `suppressed`."""
    await tx.conn.execute(_CLOSE, {"of": mail_id, "ending": state, "reason": reason})


async def mark_queued(tx: Transaction, mail_id: str, reason: str) -> None:
    """It could not be sent now."""
    await tx.conn.execute(_AGAIN, {"of": mail_id, "reason": reason})


async def mark_unknown(tx: Transaction, mail_id: str, reason: str, *, final: bool) -> None:
    """Whoever handed it over died over its end. Unless `final`, somebody else may still say what became of it."""
    await tx.conn.execute(_LEFT_OPEN, {"of": mail_id, "then": "unknown" if final else "ending", "reason": reason})


async def queue_again(tx: Transaction, mail_id: str, now: int) -> bool:
    """Send one of which nobody knows whether it went. False when it is none, or what it says no longer holds."""
    return (await tx.conn.execute(_RESEND, {"of": mail_id, "now": now})).rowcount == 1


async def suppression_of(conn: AsyncConnection, email: str) -> str | None:
    """Why no mail goes to an address, in its canonical form; None when it does."""
    reason: str | None = await conn.scalar(_SUPPRESSED, {"address": email})
    return reason


async def newest_mails(conn: AsyncConnection, *, before: str | None, limit: int) -> list[MailRow]:
    """Mails, the newest first, older than the one with the id `before`."""
    statement = select(*_COLUMNS).order_by(mails.c.id.desc()).limit(limit)
    if before is not None:
        statement = statement.where(mails.c.id < before)
    return [MailRow(*row) for row in await conn.execute(statement)]


async def suppressions(conn: AsyncConnection) -> list[Suppression]:
    """Every address that no mail goes to, the newest first."""
    return [Suppression(row.email, row.reason, row.detail, row.created_at) for row in await conn.execute(_SUPPRESSIONS)]


async def suppress(tx: Transaction, suppression: Suppression) -> bool:
    """Send no more mail there. False when that was so."""
    insert = postgresql.insert if tx.conn.dialect.name == "postgresql" else sqlite.insert
    row = {name: getattr(suppression, name) for name in Suppression.__dataclass_fields__}
    found = await tx.conn.execute(
        insert(mail_suppressions).on_conflict_do_nothing().returning(mail_suppressions.c.email), row
    )
    return found.scalar_one_or_none() is not None


async def lift_suppression(tx: Transaction, email: str) -> bool:
    """Send mail there again. False when it was not held back."""
    found = await tx.conn.execute(delete(mail_suppressions).where(mail_suppressions.c.email == email))
    return found.rowcount == 1


async def note_report(tx: Transaction, report_id: str, now: int) -> bool:
    """Remember a report; False for one that was heard before."""
    insert = postgresql.insert if tx.conn.dialect.name == "postgresql" else sqlite.insert
    row = {"id": report_id, "received_at": now}
    found = await tx.conn.execute(insert(mail_reports).on_conflict_do_nothing().returning(mail_reports.c.id), row)
    return found.scalar_one_or_none() is not None


async def forget_old(tx: Transaction, *, mails_before: int, reports_before: int) -> None:
    """Delete mails and reports made before these moments."""
    await tx.conn.execute(delete(mails).where(mails.c.created_at < mails_before))
    await tx.conn.execute(delete(mail_reports).where(mail_reports.c.received_at < reports_before))


async def give_up_overdue(tx: Transaction, *, now: int, reason: str) -> int:
    """Close mails that nobody sends any more: their job is gone. How many there were."""
    over = mails.c.give_up_at < now
    # The secrets of those that can no longer be sent again.
    await tx.conn.execute(update(mails).where(mails.c.state == "unknown", over, mails.c.data != "").values(data=""))
    statement = (
        update(mails)
        .where(_OPEN, over)
        .values(
            state=case((mails.c.state == "ending", "unknown"), else_="failed"),
            error=func.coalesce(mails.c.error, reason),
            data="",
        )
    )
    return (await tx.conn.execute(statement)).rowcount
