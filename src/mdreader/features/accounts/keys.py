"""API keys: `mdr_`, 43 random characters, and a checksum that tells a typo or a look-alike without asking the database."""

import hashlib
import secrets
import string
import zlib

PREFIX = "mdr_"
RANDOM_CHARACTERS = 43  # 256 bits
CHECKSUM_CHARACTERS = 6  # holds any CRC-32 in base 62
SHOWN_CHARACTERS = 12

_ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase


def new_key() -> str:
    """A fresh API key."""
    body = "".join(secrets.choice(_ALPHABET) for _ in range(RANDOM_CHARACTERS))
    return PREFIX + body + _checksum(body)


def is_well_formed(key: str) -> bool:
    """Whether `key` has the form and the checksum of one of ours."""
    body = key[len(PREFIX) : -CHECKSUM_CHARACTERS]
    return (
        len(key) == len(PREFIX) + RANDOM_CHARACTERS + CHECKSUM_CHARACTERS
        and key.startswith(PREFIX)
        and key.isascii()
        and key.endswith(_checksum(body))
    )


def digest(key: str) -> bytes:
    """What is stored instead of the key: SHA-256, as there is nothing to guess in 256 random bits."""
    return hashlib.sha256(key.encode()).digest()


def _checksum(body: str) -> str:
    number = zlib.crc32(body.encode())
    letters = ""
    for _ in range(CHECKSUM_CHARACTERS):
        number, digit = divmod(number, len(_ALPHABET))
        letters = _ALPHABET[digit] + letters
    return letters
