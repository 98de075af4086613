"""State vectors: for each client id, the clock of the first character that is not known yet."""

from collections.abc import Mapping
from typing import Final

from mdreader.features.collab.varint import ProtocolError, read_rest, truncated, write_uint

CLOCK_LIMIT: Final = 2**31
"""Clocks stay below this: yrs subtracts them as signed 32-bit integers."""

MAX_ENTRIES: Final = 100_000
"""Each page that was ever opened for writing adds one entry; this is far beyond any real document."""


def decode_state_vector(data: bytes) -> dict[int, int]:
    """Decode {client id: next clock}; allocates nothing by the declared count.

    Raises ProtocolError `malformed`, `trailing_bytes`, `clock_overflow` or `too_many_clients`.
    """
    clocks: dict[int, int] = {}
    try:
        count, pos = data[0], 1
        if count > 127:
            count, pos = read_rest(data, 1, count)
        if count > MAX_ENTRIES:
            code = "too_many_clients"
            raise ProtocolError(code, f"a state vector names more than {MAX_ENTRIES} clients")
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
                    code = "clock_overflow"
                    raise ProtocolError(code, "a clock is 2**31 or more")
            clocks[client] = clock
    except IndexError:
        raise truncated() from None
    if pos != len(data):
        code = "trailing_bytes"
        raise ProtocolError(code, "bytes follow the state vector")
    if len(clocks) != count:
        code = "malformed"
        raise ProtocolError(code, "a state vector names one client twice")
    return clocks


def encode_state_vector(clocks: Mapping[int, int]) -> bytes:
    """Encode {client id: next clock}; clients of whom nothing is known are left out."""
    known = [(client, clock) for client, clock in clocks.items() if clock]
    parts = [write_uint(len(known))]
    for client, clock in known:
        parts.append(write_uint(client))
        parts.append(write_uint(clock))
    return b"".join(parts)
