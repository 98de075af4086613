"""What adapters of `ports.tickets` that keep tickets outside this process write down: a ticket's hash, and whom it was given to."""

import hashlib
import json
from dataclasses import asdict

from mdreader.kernel.actor import Actor


def digest(ticket: str) -> str:
    """What stands for the ticket: who reads the store must not be able to use it."""
    return hashlib.sha256(ticket.encode()).hexdigest()


def encode_actor(actor: Actor) -> str:
    """`actor` as JSON."""
    return json.dumps(asdict(actor), separators=(",", ":"))


def decode_actor(text: str | bytes) -> Actor:
    """The actor that `text` carries."""
    return Actor(**json.loads(text))
