"""The tickets of a single server: in memory, bounded, gone with the process."""

import secrets
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from mdreader.kernel.actor import Actor
from mdreader.kernel.clock import Clock
from mdreader.ports.tickets import PER_PERSON, PREFIX, TTL_SECONDS

# Tickets that may be open at once; beyond, the oldest go. One a second for a minute, for 1,000 people.
CAPACITY: Final = 60_000


@dataclass(frozen=True, slots=True)
class _Ticket:
    actor: Actor
    document_id: str
    expires_at: int


class LocalTickets:
    """Implements `ports.tickets.Tickets`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._open: OrderedDict[str, _Ticket] = OrderedDict()
        self._of_person: dict[str, OrderedDict[str, None]] = {}

    async def issue(self, actor: Actor, document_id: str) -> str:
        """See `Tickets.issue`."""
        now = self._clock.now()
        while self._open:
            oldest = next(iter(self._open))
            if self._open[oldest].expires_at > now and len(self._open) < CAPACITY:
                break
            self._take(oldest)
        theirs = self._of_person.setdefault(actor.user_id, OrderedDict())
        if len(theirs) >= PER_PERSON:
            self._take(next(iter(theirs)))
            theirs = self._of_person.setdefault(actor.user_id, theirs)
        ticket = PREFIX + secrets.token_urlsafe(24)
        self._open[ticket] = _Ticket(actor, document_id, now + TTL_SECONDS * 1000)
        theirs[ticket] = None
        return ticket

    async def redeem(self, ticket: str, document_id: str) -> Actor | None:
        """See `Tickets.redeem`."""
        found = self._take(ticket)
        if found is None or found.document_id != document_id or found.expires_at <= self._clock.now():
            return None
        return found.actor

    async def revoke(self, session_ids: Collection[str], key_ids: Collection[str]) -> None:
        """See `Tickets.revoke`."""
        ended = [
            ticket
            for ticket, issued in self._open.items()
            if issued.actor.session_id in session_ids or issued.actor.key_id in key_ids
        ]
        for ticket in ended:
            self._take(ticket)

    def _take(self, ticket: str) -> _Ticket | None:
        found = self._open.pop(ticket, None)
        if found is not None:
            theirs = self._of_person[found.actor.user_id]
            del theirs[ticket]
            if not theirs:
                del self._of_person[found.actor.user_id]
        return found
