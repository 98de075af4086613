"""What a server says of a row beside its bytes when it holds keystrokes alone: which letters came, and which went. Pure.

Reading a row to know that takes longer than everything else another server does with it.
"""

from collections.abc import Mapping, Sequence
from struct import Struct, error
from typing import Final, NamedTuple

from mdreader.features.collab.varint import ProtocolError, truncated
from mdreader.features.collab.verdict import Kind, Verdict

# Spans of letters that came, spans that went, bytes of text.
_HEAD: Final = Struct("<HHI")
# A client id, its first clock, and the one behind the last.
_SPAN: Final = Struct("<QII")
# A row of more is read, and applied in parts.
MOST: Final = 100


class Keystrokes(NamedTuple):
    """`starts`, `clocks`: of each client that typed, where the log was before this row, and where it is with it.

    `ranges`: what is deleted, by client · `added_bytes`: of text in UTF-8 · `size`: how many keystrokes at most.
    """

    starts: Mapping[int, int]
    clocks: dict[int, int]
    ranges: dict[int, list[tuple[int, int]]]
    added_bytes: int
    size: int

    def verdict(self, clocks: Mapping[int, int], user: str) -> Verdict | None:
        """What the gate would say of the row where the document is at `clocks`; None when only reading the row can tell."""
        for client, start in self.starts.items():
            if clocks.get(client) != start:
                return None
        for client, ranges in self.ranges.items():
            known = self.clocks.get(client) or clocks.get(client, 0)
            if any(end > known for _, end in ranges):
                return None
        deletes = bool(self.ranges)
        return Verdict(
            Kind.NEW, user, self.clocks, (), self.added_bytes, deletes, self.size, self.ranges, {}, tidy=True
        )


def encode_keystrokes(updates: Sequence[tuple[bytes, object, Verdict]]) -> bytes | None:
    """Describe the row that `updates` were merged to, each with what the gate said of it; None when they hold anything else.

    Never raises. Where letters begin is counted back from where they end. Were that wrong, who hears of it would find that it does not fit.
    """
    if len(updates) > MOST:
        return None
    typed: dict[int, tuple[int, int]] = {}
    gone: list[bytes] = []
    added_bytes = 0
    for update, _, verdict in updates:
        if verdict.size != 1 or verdict.new_clients or verdict.pairs:
            return None
        for client, ranges in verdict.ranges.items():
            gone += [_SPAN.pack(client, start, end) for start, end in ranges]
        for client, end in verdict.clocks.items():
            # None of it is a surrogate pair, so each character counts once.
            start = end - len(update[-1 - verdict.added_bytes : -1].decode(errors="replace"))
            if client in typed:
                first, last = typed[client]
                if last != start:
                    return None
                start = first
            typed[client] = start, end
        added_bytes += verdict.added_bytes
    came = [_SPAN.pack(client, start, end) for client, (start, end) in typed.items()]
    return b"".join((_HEAD.pack(len(came), len(gone), added_bytes), *came, *gone))


def read_keystrokes(message: bytes, pos: int) -> tuple[Keystrokes, int]:
    """Read what `encode_keystrokes` wrote at `pos`; gives it and the position behind it. Raises `ProtocolError`."""
    try:
        came, gone, added_bytes = _HEAD.unpack_from(message, pos)
        pos += _HEAD.size
        middle = pos + came * _SPAN.size
        end = middle + gone * _SPAN.size
        if end > len(message):
            raise truncated()
        starts: dict[int, int] = {}
        clocks: dict[int, int] = {}
        for client, first, last in _SPAN.iter_unpack(message[pos:middle]):
            starts[client] = first
            clocks[client] = last
        ranges: dict[int, list[tuple[int, int]]] = {}
        if gone:
            for client, first, last in _SPAN.iter_unpack(message[middle:end]):
                ranges.setdefault(client, []).append((first, last))
    except error:
        raise ProtocolError("malformed", "a row is described in another way") from None
    return Keystrokes(starts, clocks, ranges, added_bytes, came + gone), end
