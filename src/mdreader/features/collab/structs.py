"""The layout of a Yjs update (version 1), read without trusting a single length, into plain tuples.

An update is a list of sections, one for each client id, with consecutive structs; then the deleted ranges. Only what
plain text consists of is read: strings, deleted strings and skips, in the root type `content`.
"""

# 127, 128: the largest value of a byte that ends an integer, and the bit that says "more"; names for them cost time here.
# ruff: noqa: PLR2004

import re
from typing import Final, NamedTuple

from mdreader.features.collab.state_vector import CLOCK_LIMIT
from mdreader.features.collab.varint import ProtocolError, read_rest, truncated

ROOT_NAME: Final = "content"
"""The name of the only shared type a document has."""

ROOT_PARENT: Final = b"\x01\x07content"
"""How a struct without neighbours names its parent: 1 for "a root type", then the name with its length."""

DELETED: Final = 1
STRING: Final = 4
SKIP: Final = 10
HAS_ORIGIN: Final = 0x80
HAS_RIGHT_ORIGIN: Final = 0x40
HAS_PARENT_SUB: Final = 0x20
CACHED_WIDTHS: Final = (5, 8)
"""Encoded lengths of nearly all client ids: Yjs draws 32 random bits, yrs 53. One look-up reads a known one."""

_KIND_BITS: Final = 0x1F
_MIN_SECTION_BYTES: Final = 5
_MIN_STRUCT_BYTES: Final = 2
_MIN_RANGE_BYTES: Final = 2

ASTRAL: Final = re.compile("[\U00010000-\U0010ffff]")
"""Characters that are two UTF-16 units, and so two clocks."""


class GateError(ProtocolError):
    """An update that must not reach the document: broken, hostile, or not this user's to send."""


class Struct(NamedTuple):
    """One run of clocks `[clock, end)` of a client.

    `kind` is STRING, DELETED or SKIP; origins are client ids (-1 for none) with a clock; `text` is a string's UTF-8.
    """

    clock: int
    end: int
    kind: int
    left_client: int
    left_clock: int
    right_client: int
    right_clock: int
    text: bytes


class ParsedUpdate(NamedTuple):
    """A well-formed update: structs by client, in order and without holes, and deleted `(start, end)` ranges by client."""

    sections: dict[int, list[Struct]]
    deletes: dict[int, list[tuple[int, int]]]


def parse_update(data: bytes, max_structs: int) -> ParsedUpdate:
    """Parse a whole update in one pass.

    Raises GateError `malformed`, `trailing_bytes`, `clock_overflow`, `unsupported_content`, `unsupported_type`,
    `nul_character`, `bad_utf8` or `too_many_structs` (`max_structs` bounds structs and deleted ranges together).
    """
    try:
        sections, pos = _parse_sections(data, max_structs)
        deletes, pos = _parse_deletes(data, pos, max_structs)
    except IndexError:
        raise GateError("malformed", "the update ends before it is complete") from None
    except GateError:
        raise
    except ProtocolError as error:
        raise GateError(error.code, str(error)) from None
    if pos != len(data):
        raise GateError("trailing_bytes", "bytes follow the update")
    return ParsedUpdate(sections, deletes)


def utf16_length(text: bytes) -> int:
    """Count the UTF-16 units, and so the clocks, of UTF-8 `text`. Raises GateError `bad_utf8` or `nul_character`."""
    if 0 in text:
        raise GateError("nul_character", "the text holds a NUL character")
    if text.isascii():
        return len(text)
    try:
        return len(text.decode().encode("utf-16-le")) >> 1
    except UnicodeDecodeError:
        raise GateError("bad_utf8", "the text is not UTF-8") from None


def _parse_sections(data: bytes, max_structs: int) -> tuple[dict[int, list[Struct]], int]:
    size = len(data)
    count, pos = data[0], 1
    if count > 127:
        count, pos = read_rest(data, 1, count)
    if count * _MIN_SECTION_BYTES > size - pos:
        raise truncated()
    sections: dict[int, list[Struct]] = {}
    budget = max_structs
    for _ in range(count):
        structs = data[pos]
        pos += 1
        if structs > 127:
            structs, pos = read_rest(data, pos, structs)
        if structs == 0 or structs * _MIN_STRUCT_BYTES > size - pos:
            raise truncated()
        budget -= structs
        if budget < 0:
            raise GateError("too_many_structs", f"an update holds more than {max_structs} pieces")
        client = data[pos]
        pos += 1
        if client > 127:
            client, pos = read_rest(data, pos, client)
        if client in sections:
            raise GateError("malformed", "a client has two sections")
        sections[client], pos = _parse_section(data, pos, client, structs)
    return sections, pos


def _parse_section(data: bytes, pos: int, client: int, count: int) -> tuple[list[Struct], int]:  # noqa: C901, PLR0912, PLR0915 - flat for speed
    """Parse one client's structs. One flat loop: a call for each field would triple the time of a large update."""
    size = len(data)
    new_struct = tuple.__new__
    structs: list[Struct] = []
    ids: dict[bytes, int] = {}
    clock = data[pos]
    pos += 1
    if clock > 127:
        clock, pos = read_rest(data, pos, clock)
    for _ in range(count):
        info = data[pos]
        pos += 1
        kind = info & _KIND_BITS
        left_client = left_clock = right_client = right_clock = -1
        if kind == SKIP:
            if info != SKIP:
                raise GateError("malformed", "a skip has neighbours")
        else:
            if kind not in (STRING, DELETED):
                raise GateError("unsupported_content", f"content of kind {kind} is not text")
            if info & HAS_PARENT_SUB:
                raise GateError("unsupported_type", "a text has no keys")
            if info & HAS_ORIGIN:
                left_client = data[pos]
                if left_client < 128:
                    pos += 1
                elif (cached := ids.get(data[pos : pos + 5])) is not None:
                    left_client = cached
                    pos += 5
                else:
                    left_client, pos = _read_wide_id(data, pos, ids)
                left_clock = data[pos]
                pos += 1
                if left_clock > 127:
                    left_clock, pos = read_rest(data, pos, left_clock)
                # Not checked by the others, who would take their own future for their neighbour.
                if left_client == client and left_clock >= clock:
                    raise GateError("malformed", "a struct stands beside its own future")
            if info & HAS_RIGHT_ORIGIN:
                right_client = data[pos]
                if right_client < 128:
                    pos += 1
                elif (cached := ids.get(data[pos : pos + 5])) is not None:
                    right_client = cached
                    pos += 5
                else:
                    right_client, pos = _read_wide_id(data, pos, ids)
                right_clock = data[pos]
                pos += 1
                if right_clock > 127:
                    right_clock, pos = read_rest(data, pos, right_clock)
                if right_client == client and right_clock >= clock:
                    raise GateError("malformed", "a struct stands beside its own future")
            elif left_client < 0:
                if not data.startswith(ROOT_PARENT, pos):
                    raise GateError("unsupported_type", f"only the root type named {ROOT_NAME} is kept")
                pos += len(ROOT_PARENT)
        length = data[pos]
        pos += 1
        if length > 127:
            length, pos = read_rest(data, pos, length)
        text = b""
        if kind == STRING:
            if length > size - pos:
                raise truncated()
            text = data[pos : pos + length]
            pos += length
            if 0 in text or not text.isascii():
                length = utf16_length(text)
        if length == 0:
            raise GateError("malformed", "a struct is empty")
        end = clock + length
        if end >= CLOCK_LIMIT:
            raise GateError("clock_overflow", "a clock is 2**31 or more")
        structs.append(
            new_struct(Struct, (clock, end, kind, left_client, left_clock, right_client, right_clock, text)),
        )
        clock = end
    return structs, pos


def _read_wide_id(data: bytes, pos: int, ids: dict[bytes, int]) -> tuple[int, int]:
    """Read a client id of more than one byte, and keep it in `ids` by its encoding if that is 5 bytes, as Yjs' are, or 8."""
    client = ids.get(data[pos : pos + 8])
    if client is not None:
        return client, pos + 8
    client, end = read_rest(data, pos + 1, data[pos])
    if end - pos in CACHED_WIDTHS:
        ids[data[pos:end]] = client
    return client, end


def _parse_deletes(data: bytes, pos: int, max_ranges: int) -> tuple[dict[int, list[tuple[int, int]]], int]:  # noqa: C901, PLR0912 - flat for speed
    size = len(data)
    count = data[pos]
    pos += 1
    if count > 127:
        count, pos = read_rest(data, pos, count)
    if count * (2 + _MIN_RANGE_BYTES) > size - pos:
        raise truncated()
    deletes: dict[int, list[tuple[int, int]]] = {}
    budget = max_ranges
    for _ in range(count):
        client = data[pos]
        pos += 1
        if client > 127:
            client, pos = read_rest(data, pos, client)
        ranges = data[pos]
        pos += 1
        if ranges > 127:
            ranges, pos = read_rest(data, pos, ranges)
        if ranges == 0 or ranges * _MIN_RANGE_BYTES > size - pos:
            raise truncated()
        budget -= ranges
        if budget < 0:
            raise GateError("too_many_structs", f"an update deletes more than {max_ranges} ranges")
        if client in deletes:
            raise GateError("malformed", "a client has two lists of deleted ranges")
        found = deletes[client] = []
        for _ in range(ranges):
            start = data[pos]
            pos += 1
            if start > 127:
                start, pos = read_rest(data, pos, start)
            length = data[pos]
            pos += 1
            if length > 127:
                length, pos = read_rest(data, pos, length)
            if length == 0:
                raise GateError("malformed", "a deleted range is empty")
            if start + length >= CLOCK_LIMIT:
                raise GateError("clock_overflow", "a clock is 2**31 or more")
            found.append((start, start + length))
    return deletes, pos
