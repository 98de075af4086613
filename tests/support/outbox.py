"""What the operator of a server without a mail server reads there."""

import time
from dataclasses import dataclass

import httpx

from support.http import Person

PATIENCE = 60


@dataclass(frozen=True, slots=True)
class ReadMail:
    """One mail."""

    id: str
    template: str
    link: str
    code: str


@dataclass(frozen=True, slots=True)
class Outbox:
    """The outbox of the server at `url`, read by its operator, who is its first account."""

    url: str
    operator: Person

    def mails(self, to: str, template: str) -> list[ReadMail]:
        """The mails to somebody, the newest first."""
        answer = httpx.get(f"{self.url}/api/mail/outbox?limit=100", headers=self.operator.headers, timeout=60)
        answer.raise_for_status()
        return [
            ReadMail(mail["id"], mail["template"], mail["link"] or "", mail["code"] or "")
            for mail in answer.json()["items"]
            if mail["to"] == to and mail["template"] == template
        ]

    def newest(self, to: str, template: str, *, after: ReadMail | None = None) -> ReadMail:
        """The newest mail to somebody, waited for; one that is newer than `after`."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            found = self.mails(to, template)
            if found and (after is None or found[0].id != after.id):
                return found[0]
        raise AssertionError(f"No {template} for {to}")
