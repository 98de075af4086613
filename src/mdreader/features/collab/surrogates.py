"""Surrogate pairs: characters that are two UTF-16 units, and so two clocks, between which nothing may begin or end.

There Yjs puts replacement characters, while yrs keeps the character and miscounts it: the two texts, and with the next save the clocks
too, would never agree again.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence

from mdreader.features.collab.structs import ASTRAL, GateError, ParsedUpdate, Struct


def holds(pairs: Sequence[int], clock: int) -> bool:
    """Whether `clock` is among sorted `pairs`."""
    index = bisect_left(pairs, clock)
    return index < len(pairs) and pairs[index] == clock


def check_pairs(parsed: ParsedUpdate, known: Mapping[int, Sequence[int]], new: Mapping[int, Sequence[int]]) -> None:
    """Check that nothing in an update begins or ends within a pair: `known` and `new` are second surrogates' clocks by client."""

    def check(client: int, clock: int) -> None:
        for pairs in (known.get(client), new.get(client)):
            if pairs and holds(pairs, clock):
                raise split_surrogate()

    for structs in parsed.sections.values():
        for struct in structs:
            if struct.left_client >= 0:
                check(struct.left_client, struct.left_clock + 1)
            if struct.right_client >= 0:
                check(struct.right_client, struct.right_clock)
    for client, ranges in parsed.deletes.items():
        for start, end in ranges:
            check(client, start)
            check(client, end)


def text_from(struct: Struct, clock: int) -> bytes:
    """Give the part of a string struct that lies at or after `clock`. Raises GateError `split_surrogate`."""
    offset = clock - struct.clock
    if offset <= 0:
        return struct.text
    if struct.text.isascii():
        return struct.text[offset:]
    try:
        return struct.text.decode().encode("utf-16-le")[2 * offset :].decode("utf-16-le").encode()
    except UnicodeDecodeError:
        raise split_surrogate() from None


def sliced(client: int, struct: Struct, clock: int) -> Struct:
    """Give the part of a struct that lies at or after `clock`, as Yjs would take it in."""
    if struct.clock >= clock:
        return struct
    return struct._replace(clock=clock, left_client=client, left_clock=clock - 1, text=text_from(struct, clock))


def pairs_in(struct: Struct, clock: int) -> list[int]:
    """List the clocks, from `clock` on, of the second surrogates in a string struct."""
    if struct.text.isascii():
        return []
    start = max(struct.clock, clock)
    text = text_from(struct, clock).decode()
    return [start + match.start() + before + 1 for before, match in enumerate(ASTRAL.finditer(text))]


def split_surrogate() -> GateError:
    """The error for an edit within a pair."""
    return GateError("split_surrogate", "an edit goes through the middle of one character")
