"""What waits in a room, applied to its document and merged into one flight. Raises `ReplicaError` and `ProtocolError`."""

import time
from typing import TYPE_CHECKING

from mdreader.features.collab.bulk import STRETCH, Bulk
from mdreader.features.collab.content import Content
from mdreader.features.collab.flight import Flight, Typed
from mdreader.features.collab.replica import EMPTY_UPDATE, merged
from mdreader.features.collab.rewrite import Rewrite
from mdreader.features.collab.text import Shape

if TYPE_CHECKING:
    from mdreader.features.collab.connection import Connection


def authors(bulk: Bulk | None, incoming: Typed) -> "dict[Connection, None]":
    """Whose these are, each once."""
    found = dict.fromkeys(connection for _, connection, _ in incoming)
    if bulk is not None:
        found[bulk.connection] = None
    return found


def apply_one(flight: Flight, content: Content, incoming: Typed) -> None:
    """Apply what one person typed, one update."""
    ((update, author, _),) = flight.updates = incoming
    flight.data, flight.author, flight.typed = update, author, True
    content.apply(update)


def apply_all(
    flight: Flight,
    content: Content,
    bulk: Bulk | None,
    incoming: Typed,
    *,
    rewrites: list[Rewrite],
    file: tuple[Shape, str],
) -> Typed:
    """Apply a bulk, what was typed and rewrites, in this order; gives what was typed and has to wait for the next flight.

    `file`: the text's shape before, and its epoch.
    """
    made = [bulk.news] if bulk is not None else []
    applied = _apply(content, incoming, made)
    if bulk is None and not rewrites:
        flight.updates = applied
    shape, epoch = file
    for rewrite in rewrites:
        change = rewrite.apply(content, flight.shape or shape, epoch)
        if change.update is not None:
            made.append(change.update)
        flight.new_clients = {**flight.new_clients, **dict.fromkeys(change.new_clients, rewrite.owner)}
        flight.shape = change.shape or flight.shape
    flight.rewrites = rewrites
    if not made and flight.shape is not None:
        # A row, by whose number everybody sees that the stored text and ETag are older.
        made.append(EMPTY_UPDATE)
    if made:
        flight.data = merged(made)
    people = authors(bulk, incoming)
    flight.typed = bool(people)
    if len(people) == 1 and not rewrites:
        flight.author = next(iter(people))
    return incoming[len(applied) :]


def _apply(content: Content, incoming: Typed, made: list[bytes]) -> Typed:
    """Apply updates in their order, for a stretch of time, and give those."""
    end = time.perf_counter() + STRETCH
    for index, (update, _, _) in enumerate(incoming):
        # One letter can take yrs milliseconds in a document of megabytes: it counts its way through to split a string.
        if time.perf_counter() > end:
            return incoming[:index]
        content.apply(update)
        made.append(update)
    return incoming
