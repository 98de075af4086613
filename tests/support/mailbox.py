"""Mails that the server sent, as the owner of an address reads them."""

import asyncio
import json
from dataclasses import asdict, dataclass
from typing import Any

from fastapi import FastAPI
from sqlalchemy import text

from mdreader.db.engine import Database
from mdreader.features.mail import queries
from mdreader.features.mail.queries import MailRow
from support.waiting import SECONDS


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail: which one, to whom, and what stands in it."""

    template: str
    to: str
    subject: str
    data: dict[str, Any]

    @property
    def token(self) -> str:
        """What the link carries."""
        return str(self.data["link"]).partition("#token=")[2]

    @property
    def code(self) -> str:
        """The six digits."""
        return str(self.data["code"])


async def all_asked_for(app: FastAPI) -> None:
    """Wait until jobs have looked up who asked for a mail."""
    waiting = text("SELECT count(*) FROM jobs WHERE kind LIKE 'accounts.mail%' AND finished_at IS NULL")
    async with asyncio.timeout(SECONDS):
        while True:
            async with app.state.runtime.database.read() as conn:
                if (await conn.execute(waiting)).scalar_one() == 0:
                    return
            await asyncio.sleep(0.002)


async def mails_to(app: FastAPI, address: str) -> list[Mail]:
    """Everything that was sent to `address`, oldest first."""
    await all_asked_for(app)
    statement = text("SELECT template, recipient, subject, data FROM mails WHERE recipient = :to ORDER BY id")
    async with app.state.runtime.database.read() as conn:
        rows = (await conn.execute(statement, {"to": address})).all()
    return [Mail(row.template, row.recipient, row.subject, json.loads(row.data)) for row in rows]


async def newest_mail(app: FastAPI, address: str, template: str) -> Mail:
    """The newest mail of a kind to `address`."""
    found = [mail for mail in await mails_to(app, address) if mail.template == template]
    assert found, f"no {template} to {address}"
    return found[-1]


async def insert_mail_on_its_way(database: Database, state: str = "sending") -> MailRow:
    """A mail that somebody began to send: `m1`, to ada@example.org."""
    mail = MailRow(
        id="m1",
        template="email_taken",
        recipient="ada@example.org",
        data='{"link": "https://x"}',
        subject="s",
        state=state,
        attempts=1,
        error=None,
        created_at=1,
        give_up_at=2**52,
        sent_at=None,
    )
    async with database.write() as tx:
        await queries.insert_mail(tx, asdict(mail))
    return mail
