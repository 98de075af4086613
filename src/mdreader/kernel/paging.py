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
    if not isinstance(key, list) or len(key) != len(kinds) or any(type(k) is not kind for k, kind in zip(key, kinds, strict=True)):
        raise InvalidInputError("The cursor is not one that this server gave out.")
    return tuple(key)
