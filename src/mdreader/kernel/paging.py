"""Opaque cursors for lists: the sort key of the last item that was sent."""

import base64
import binascii
import json

from mdreader.kernel.errors import InvalidInputError


def encode_cursor(*key: str | int) -> str:
    """A URL-safe cursor that stands after the item with this sort key."""
    return base64.urlsafe_b64encode(json.dumps(key, separators=(",", ":")).encode()).decode().rstrip("=")


def decode_cursor(cursor: str, *kinds: type) -> tuple[str | int, ...]:
    """The sort key inside `cursor`, its members of the given `kinds`; `InvalidInputError` for anything we did not make."""
    try:
        key = json.loads(base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error, RecursionError) as error:
        raise InvalidInputError("The cursor is not one that this server gave out.") from error
    if not isinstance(key, list) or len(key) != len(kinds) or not all(map(_is_member, key, kinds)):
        raise InvalidInputError("The cursor is not one that this server gave out.")
    return tuple(key)


def _is_member(member: object, kind: type) -> bool:
    # No database takes half of a surrogate pair, or a number of more than 64 bits.
    if isinstance(member, str):
        return kind is str and not any("\ud800" <= character <= "\udfff" for character in member)
    return type(member) is kind is int and -(1 << 63) <= member < 1 << 63
