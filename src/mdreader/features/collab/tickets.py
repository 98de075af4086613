"""Single-use tickets: a socket opens with one instead of a token, so that no long-lived secret stands in an address."""

import secrets
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass

from mdreader.kernel.actor import Actor
from mdreader.kernel.clock import Clock

TTL_SECONDS = 60
# Tickets that may be open at once; beyond, the oldest go. One a second for a minute, for 1,000 people.
CAPACITY = 60_000
PREFIX = "mdt_"


@dataclass(frozen=True, slots=True)
class _Ticket:
    actor: Actor
    document_id: str
    expires_at: int


class Tickets:
    """The open tickets of this process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._open: OrderedDict[str, _Ticket] = OrderedDict()

    def issue(self, actor: Actor, document_id: str) -> str:
        """A ticket with which `actor` can open a socket on this document once, within `TTL_SECONDS`."""
        now = self._clock.now()
        while self._open:
            oldest = next(iter(self._open.values()))
            if oldest.expires_at > now and len(self._open) < CAPACITY:
                break
            self._open.popitem(last=False)
        ticket = PREFIX + secrets.token_urlsafe(24)
        self._open[ticket] = _Ticket(actor, document_id, now + TTL_SECONDS * 1000)
        return ticket

    def redeem(self, ticket: str, document_id: str) -> Actor | None:
        """Who the ticket was given to, once; None when it is unknown, used, expired or for another document."""
        found = self._open.pop(ticket, None)
        if found is None or found.document_id != document_id or found.expires_at <= self._clock.now():
            return None
        return found.actor

    def revoke(self, session_ids: Collection[str], key_ids: Collection[str]) -> None:
        """Forget what was issued to sessions or keys that no longer hold: else a ticket would open a socket after a log-out."""
        ended = [
            ticket
            for ticket, issued in self._open.items()
            if issued.actor.session_id in session_ids or issued.actor.key_id in key_ids
        ]
        for ticket in ended:
            del self._open[ticket]
