"""Updates written by hand, right or wrong, byte by byte and apart from the code under test."""

from collections.abc import Sequence

ROOT = b"\x01\x07content"
"""A parent: the root type `content`."""

Id = tuple[int, int]
Section = tuple[int, int, Sequence[bytes]]
"""A client id, its first clock and its structs."""


def uint(value: int) -> bytes:
    """The shortest varint of `value`."""
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def head(kind: int, left: Id | None = None, right: Id | None = None, parent: bytes = ROOT) -> bytes:
    """A struct up to its content."""
    info = kind | (0x80 if left else 0) | (0x40 if right else 0)
    beside = b"".join(uint(part) for neighbour in (left, right) if neighbour for part in neighbour)
    return bytes((info,)) + (beside or parent)


def text(value: str | bytes, left: Id | None = None, right: Id | None = None) -> bytes:
    """A string struct."""
    raw = value.encode() if isinstance(value, str) else value
    return head(4, left, right) + uint(len(raw)) + raw


def gone(length: int, left: Id | None = None, right: Id | None = None) -> bytes:
    """A struct of text that was deleted before it was sent."""
    return head(1, left, right) + uint(length)


def skip(length: int) -> bytes:
    """A hole."""
    return b"\x0a" + uint(length)


def update(*sections: Section, deletes: dict[int, list[Id]] | None = None) -> bytes:
    """A whole update; `deletes` holds (clock, length) by client id."""
    out = [uint(len(sections))]
    for client, clock, structs in sections:
        out += (uint(len(structs)), uint(client), uint(clock), *structs)
    deletes = deletes or {}
    out.append(uint(len(deletes)))
    for client, ranges in deletes.items():
        out += (uint(client), uint(len(ranges)))
        out += (uint(part) for span in ranges for part in span)
    return b"".join(out)
