"""Identifiers: UUID version 7 (RFC 9562), so that rows of one time lie together in an index."""

import os
import time
from uuid import UUID


def new_id() -> str:
    """A fresh UUIDv7 in its 36-character form: 48 bits of Unix milliseconds, 74 random bits."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds & ((1 << 48) - 1)) << 80 | int.from_bytes(os.urandom(10))
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return str(UUID(int=value))


def is_id(text: str) -> bool:
    """Whether `text` is a UUID in canonical form; anything else can be answered with 404 without asking the database."""
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
