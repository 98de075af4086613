"""Secrets of others in our database: of use to this server alone, and for what they were stored for."""

import json
import os
from base64 import b64decode, b64encode
from typing import Any, Final

from mdreader.features.accounts.tokens import derive_key

_NONCE_BYTES: Final = 12


def seal(secret: bytes, text: str, *, purpose: str) -> bytes:
    """`text` for the database: AES-GCM with a key of ours, bound to `purpose`."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(derive_key(secret, "directory")).encrypt(nonce, text.encode(), purpose.encode())


def unseal(secret: bytes, sealed: bytes, *, purpose: str) -> str | None:
    """The opposite of `seal`; None for what another server, or another purpose, has sealed."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    cipher = AESGCM(derive_key(secret, "directory"))
    try:
        return cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], purpose.encode()).decode()
    except InvalidTag:
        return None


def seal_json(secret: bytes, value: dict[str, Any], *, purpose: str) -> str:
    """As `seal`, as text that JSON takes."""
    return b64encode(seal(secret, json.dumps(value), purpose=purpose)).decode()


def unseal_json(secret: bytes, sealed: str, *, purpose: str) -> dict[str, Any] | None:
    """The opposite of `seal_json`."""
    text = unseal(secret, b64decode(sealed), purpose=purpose)
    return None if text is None else dict(json.loads(text))
