"""Awareness: who is here and where their cursor is, as JSON states that each client keeps about itself."""

import json
import math
from typing import Any, Final, NamedTuple, NoReturn

from mdreader.features.collab.varint import ProtocolError, read_uint, truncated, write_uint

MAX_STATES: Final = 256
"""States in one frame. A stock client sends its own, or on joining those of the tabs beside it."""

MAX_STATE_BYTES: Final = 4096
MAX_STATE_DEPTH: Final = 32
_MIN_ENTRY_BYTES: Final = 3
_MAX_CLOCK: Final = 2**31
_QUOTE, _BACKSLASH = b'"\\'


class AwarenessState(NamedTuple):
    """One client's state as it came: `raw` is unchecked JSON bytes, for `parse_state`."""

    client: int
    clock: int
    raw: bytes


def decode_awareness(body: bytes) -> tuple[AwarenessState, ...]:
    """Split an awareness update into its entries, in their order.

    Raises ProtocolError `malformed`, `trailing_bytes`, `clock_overflow`, `state_too_large` or `too_many_clients`.
    """
    try:
        count, pos = read_uint(body, 0)
        if count > MAX_STATES:
            raise ProtocolError("too_many_clients", f"an awareness message holds more than {MAX_STATES} states")
        if count * _MIN_ENTRY_BYTES > len(body) - pos:
            raise truncated()
        states = []
        for _ in range(count):
            client, pos = read_uint(body, pos)
            clock, pos = read_uint(body, pos)
            size, pos = read_uint(body, pos)
            if clock >= _MAX_CLOCK:
                raise ProtocolError("clock_overflow", "an awareness clock is 2**31 or more")
            if size > MAX_STATE_BYTES:
                raise ProtocolError("state_too_large", f"an awareness state is larger than {MAX_STATE_BYTES} bytes")
            if size > len(body) - pos:
                raise truncated()
            states.append(AwarenessState(client, clock, body[pos : pos + size]))
            pos += size
    except IndexError:
        raise truncated() from None
    if pos != len(body):
        raise ProtocolError("trailing_bytes", "bytes follow the awareness states")
    return tuple(states)


def encode_awareness(states: list[tuple[int, int, bytes]]) -> bytes:
    """Encode (client id, clock, JSON bytes) entries as an awareness update: the body of an awareness frame."""
    parts = [write_uint(len(states))]
    for client, clock, raw in states:
        parts += (write_uint(client), write_uint(clock), write_uint(len(raw)), raw)
    return b"".join(parts)


def parse_state(raw: bytes) -> dict[str, Any] | None:
    """Parse one state: an object, or None when the client says goodbye (`null`).

    Raises ProtocolError `state_too_large`, `too_deep` or `malformed`; NaN and the infinities are not JSON.
    """
    if raw == b"null":
        return None
    if len(raw) > MAX_STATE_BYTES:
        raise ProtocolError("state_too_large", f"an awareness state is larger than {MAX_STATE_BYTES} bytes")
    if raw.count(b"{") + raw.count(b"[") > MAX_STATE_DEPTH:
        _refuse_depth(raw)
    try:
        state = json.loads(raw.decode(), parse_constant=_refuse_constant, parse_float=_finite)
        if b"\\ud" in raw or b"\\uD" in raw:
            json.dumps(state, ensure_ascii=False).encode()  # half a surrogate pair could never be sent on as UTF-8
    except ValueError:
        raise ProtocolError("malformed", "an awareness state is not JSON") from None
    if not isinstance(state, dict):
        raise ProtocolError("malformed", "an awareness state is not an object")
    return state


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _finite(digits: str) -> float:
    """Refuse 1e999: Python reads infinity, and would write a word that no JSON parser takes."""
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(digits)
    return number


def _refuse_depth(raw: bytes) -> None:
    """Refuse nesting beyond the limit before the recursive JSON parser meets it; brackets inside strings do not count."""
    depth = 0
    in_string = escaped = False
    for byte in raw:
        if in_string:
            if escaped:
                escaped = False
            elif byte == _BACKSLASH:
                escaped = True
            elif byte == _QUOTE:
                in_string = False
        elif byte == _QUOTE:
            in_string = True
        elif byte in b"{[":
            depth += 1
            if depth > MAX_STATE_DEPTH:
                raise ProtocolError("too_deep", f"an awareness state is nested more than {MAX_STATE_DEPTH} deep")
        elif byte in b"}]":
            depth -= 1
