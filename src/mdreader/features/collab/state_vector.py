"""State vectors: for each client id, the clock of the first character that is not known yet."""

# 127, 128: the largest value of a byte that ends an integer, and the bit that says "more"; names for them cost time here.
# ruff: noqa: PLR2004

from collections.abc import Mapping
from typing import Final

from mdreader.features.collab.varint import ProtocolError, read_rest, truncated, write_uint

CLOCK_LIMIT: Final = 2**31
"""Clocks stay below this: yrs subtracts them as signed 32-bit integers."""

MAX_ENTRIES: Final = 100_000
"""Each page that was ever opened for writing adds one entry; this is far beyond any real document."""


def decode_state_vector(data: bytes) -> dict[int, int]:  # noqa: C901 - flat for speed
    """Decode {client id: next clock}; allocates nothing by the declared count.

    Raises ProtocolError `malformed`, `trailing_bytes`, `clock_overflow` or `too_many_clients`.
    """
    clocks: dict[int, int] = {}
    try:
        count, pos = data[0], 1
        if count > 127:
            count, pos = read_rest(data, 1, count)
        if count > MAX_ENTRIES:
            raise ProtocolError("too_many_clients", f"a state vector names more than {MAX_ENTRIES} clients")
        if count * 2 > len(data) - pos:
            raise truncated()
        for _ in range(count):
            client = data[pos]
            pos += 1
            if client > 127:
                client, pos = read_rest(data, pos, client)
            clock = data[pos]
            pos += 1
            if clock > 127:
                clock, pos = read_rest(data, pos, clock)
                if clock >= CLOCK_LIMIT:
                    raise ProtocolError("clock_overflow", "a clock is 2**31 or more")
            clocks[client] = clock
    except IndexError:
        raise truncated() from None
    if pos != len(data):
        raise ProtocolError("trailing_bytes", "bytes follow the state vector")
    if len(clocks) != count:
        raise ProtocolError("malformed", "a state vector names one client twice")
    return clocks


def encode_state_vector(clocks: Mapping[int, int]) -> bytes:
    """Encode {client id: next clock}; clients of whom nothing is known are left out."""
    known = [(client, clock) for client, clock in clocks.items() if clock]
    parts = [write_uint(len(known))]
    for client, clock in known:
        parts.append(write_uint(client))
        parts.append(write_uint(clock))
    return b"".join(parts)
