"""Mails that the server sent, as the owner of an address reads them."""

import json
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from sqlalchemy import text


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


async def mails_to(app: FastAPI, address: str) -> list[Mail]:
    """Everything that was sent to `address`, oldest first."""
    statement = text("SELECT template, recipient, subject, data FROM mails WHERE recipient = :to ORDER BY id")
    async with app.state.runtime.database.read() as conn:
        rows = (await conn.execute(statement, {"to": address})).all()
    return [Mail(row.template, row.recipient, row.subject, json.loads(row.data)) for row in rows]


async def newest_mail(app: FastAPI, address: str, template: str) -> Mail:
    """The newest mail of a kind to `address`."""
    found = [mail for mail in await mails_to(app, address) if mail.template == template]
    assert found, f"no {template} to {address}"
    return found[-1]
