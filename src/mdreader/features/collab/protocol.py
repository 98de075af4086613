"""The y-websocket wire format: exactly one message a frame, because stock clients read one and drop the rest."""

# The small numbers here are the sizes in which RFC 6455 and lib0 count lengths.
# ruff: noqa: PLR2004

from enum import IntEnum
from typing import Final, NamedTuple

from mdreader.features.collab.varint import ProtocolError, read_uint, truncated, write_uint

MARKER_LIMIT: Final = 64
"""Bytes a client may put into a saved marker."""

_SYNC: Final = 0
_AWARENESS: Final = 1
_AUTH: Final = 2
_QUERY_AWARENESS: Final = 3
_SAVED_MARKER: Final = 102


class FrameKind(IntEnum):
    """What a frame asks for."""

    STEP1 = 0
    STEP2 = 1
    UPDATE = 2
    AWARENESS = 3
    QUERY_AWARENESS = 4
    SAVED_MARKER = 5


class Frame(NamedTuple):
    """One decoded message. `body` is copied out of the frame and still unchecked.

    STEP1: a state vector · STEP2, UPDATE: a Yjs update · AWARENESS: an awareness update · SAVED_MARKER: the client's
    own bytes · QUERY_AWARENESS: empty.
    """

    kind: FrameKind
    body: bytes


_SYNC_KINDS: Final = (FrameKind.STEP1, FrameKind.STEP2, FrameKind.UPDATE)
_UPDATE: Final = FrameKind.UPDATE
_QUERY_FRAME: Final = Frame(FrameKind.QUERY_AWARENESS, b"")
_new_frame: Final = tuple.__new__


def decode(payload: bytes) -> Frame:
    """Decode the payload of one WebSocket frame.

    Raises ProtocolError `malformed`, `trailing_bytes`, `marker_too_long` or `unknown_message`.
    """
    size = len(payload)
    # A keystroke: sync, update, one length byte, and the update is all the rest.
    if size > 3 and payload[2] == size - 3 < 128 and payload.startswith(b"\0\2"):
        return _new_frame(Frame, (_UPDATE, payload[3:]))
    try:
        kind, pos = read_uint(payload, 0)
        if kind == _SYNC:
            step, pos = read_uint(payload, pos)
            if step >= len(_SYNC_KINDS):
                raise ProtocolError("unknown_message", f"there is no sync message {step}")
            return Frame(_SYNC_KINDS[step], _read_last_bytes(payload, pos))
        if kind == _AWARENESS:
            return Frame(FrameKind.AWARENESS, _read_last_bytes(payload, pos))
    except IndexError:
        raise truncated() from None
    if kind == _QUERY_AWARENESS:
        if pos != size:
            raise ProtocolError("trailing_bytes", "bytes follow the question")
        return _QUERY_FRAME
    if kind == _SAVED_MARKER:
        if size - pos > MARKER_LIMIT:
            raise ProtocolError("marker_too_long", f"a saved marker is longer than {MARKER_LIMIT} bytes")
        return Frame(FrameKind.SAVED_MARKER, payload[pos:])
    raise ProtocolError("unknown_message", f"there is no message type {kind}")


def _read_last_bytes(payload: bytes, pos: int) -> bytes:
    """Read the length-prefixed bytes at `pos`, which must be the last thing in the frame."""
    size, pos = read_uint(payload, pos)
    rest = len(payload) - pos
    if size > rest:
        raise truncated()
    if size < rest:
        raise ProtocolError("trailing_bytes", "bytes follow the message")
    return payload[pos:]


def encode_step1(state_vector: bytes) -> bytes:
    """Build the frame that asks for everything beyond `state_vector`."""
    return b"\0\0" + write_uint(len(state_vector)) + state_vector


def encode_step2(update: bytes) -> bytes:
    """Build the frame that answers a step 1."""
    return b"\0\1" + write_uint(len(update)) + update


def encode_update(update: bytes) -> bytes:
    """Build the frame that passes an edit on."""
    return b"\0\2" + write_uint(len(update)) + update


def encode_awareness_frame(states: bytes) -> bytes:
    """Build the frame around an awareness update (see `awareness.encode_awareness`)."""
    return b"\1" + write_uint(len(states)) + states


def encode_saved_marker(marker: bytes) -> bytes:
    """Build the echo of a saved marker: byte for byte the frame that the client sent."""
    return b"\x66" + marker


def encode_auth_denied(reason: str) -> bytes:
    """Build the frame by which y-websocket clients learn that they were denied, with the reason for people."""
    text = reason.encode()
    return bytes((_AUTH, 0)) + write_uint(len(text)) + text


def ws_frame(payload: bytes, opcode: int = 2) -> bytes:
    """Wrap `payload` as one final, unmasked WebSocket frame (RFC 6455, section 5.2), ready for every peer's transport."""
    size = len(payload)
    if size < 126:
        head = bytes((0x80 | opcode, size))
    elif size < 65536:
        head = bytes((0x80 | opcode, 126)) + size.to_bytes(2)
    else:
        head = bytes((0x80 | opcode, 127)) + size.to_bytes(8)
    return head + payload
