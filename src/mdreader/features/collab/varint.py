"""Unsigned variable-length integers as lib0 writes them: 7 bits a byte, lowest first, the top bit meaning "more"."""

# 127, 128: the largest value of a byte that ends an integer, and the bit that says "more"; names for them cost time here.
# ruff: noqa: PLR2004

from typing import Final

MAX_UINT: Final = 2**53 - 1
"""The largest integer JavaScript holds exactly, hence the largest that any Yjs client can write."""

_MAX_SHIFT: Final = 49


class ProtocolError(Exception):
    """A frame or update that this server will not take. `code` is stable and in snake_case."""

    def __init__(self, code: str, message: str) -> None:
        """Keep the stable `code` beside the `message` for people."""
        super().__init__(message)
        self.code = code


def truncated() -> ProtocolError:
    """Build the error for input that ends in the middle of a value."""
    return ProtocolError("malformed", "the data ends before it is complete")


def read_rest(data: bytes, pos: int, first: int) -> tuple[int, int]:
    """Finish the integer whose first byte `first` (128 or more) stands before `pos`; gives (value, next position).

    Hot loops read the usual single byte themselves and call this for the rest. Raises IndexError at the end of `data`
    and ProtocolError for more than 53 bits or an encoding longer than needed: no encoder writes one, and accepting it
    would give one id two spellings.
    """
    byte = data[pos]
    pos += 1
    value = first & 127 | (byte & 127) << 7
    shift = 14
    while byte > 127:
        if shift > _MAX_SHIFT:
            raise ProtocolError("malformed", "an integer has more than 53 bits")
        byte = data[pos]
        pos += 1
        value |= (byte & 127) << shift
        shift += 7
    if byte == 0:
        raise ProtocolError("malformed", "an integer is longer than it needs to be")
    if value > MAX_UINT:
        raise ProtocolError("malformed", "an integer has more than 53 bits")
    return value, pos


def read_uint(data: bytes, pos: int) -> tuple[int, int]:
    """Read the integer at `pos`; gives (value, next position). Raises as `read_rest` does."""
    first = data[pos]
    if first < 128:
        return first, pos + 1
    return read_rest(data, pos + 1, first)


def write_uint(value: int) -> bytes:
    """Encode `value`, 0 to 2**53 - 1."""
    if value < 128:
        return bytes((value,))
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)
