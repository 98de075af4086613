"""Codes of an authenticator app (RFC 6238: SHA-1, six digits, 30 seconds, what every app knows) and recovery codes."""

import base64
import hmac
import os
import secrets
from typing import Final

from mdreader.features.accounts.tokens import derive_key

ISSUER: Final = "mdreader"
STEP_SECONDS: Final = 30
# A code is taken one step early and one late: for clocks that differ, and for slow fingers.
WINDOW: Final = 1
RECOVERY_CODES: Final = 10
_SECRET_BYTES: Final = 20
_NONCE_BYTES: Final = 12
_RECOVERY_BYTES: Final = 7  # cut to 10 letters of base 32: 50 bits


def new_secret() -> str:
    """A secret in base 32, as apps want it."""
    return base64.b32encode(os.urandom(_SECRET_BYTES)).decode()


def uri(secret: str, email: str) -> str:
    """What the QR code says."""
    import pyotp

    return str(pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER))


def matching_step(secret: str, code: str, now: int) -> int | None:
    """The 30-second step at which the app shows `code`, around `now` (ms); None when at none of them."""
    import pyotp

    given = "".join(code.split()).encode("utf-8", "surrogatepass")
    totp = pyotp.TOTP(secret)
    current = now // 1000 // STEP_SECONDS
    found = None
    for step in range(current - WINDOW, current + WINDOW + 1):
        if hmac.compare_digest(totp.generate_otp(step).encode(), given):
            found = step
    return found


def seal(key: bytes, user_id: str, secret: str) -> bytes:
    """`secret` for the database: AES-GCM, bound to its user. A copy of the database alone makes no codes."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(_key(key)).encrypt(nonce, secret.encode(), user_id.encode())


def unseal(key: bytes, user_id: str, sealed: bytes) -> str:
    """The opposite of `seal`. `cryptography.exceptions.InvalidTag` when it is not this user's or this server's."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(_key(key)).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], user_id.encode()).decode()


def new_recovery_codes() -> list[str]:
    """Ten codes, each like `abcde-fghij`."""
    codes = []
    for _ in range(RECOVERY_CODES):
        letters = base64.b32encode(secrets.token_bytes(_RECOVERY_BYTES)).decode().lower()[:10]
        codes.append(f"{letters[:5]}-{letters[5:]}")
    return codes


def recovery_digest(key: bytes, code: str) -> bytes:
    """What is stored of a recovery code; spaces, hyphens and case do not count."""
    letters = "".join(character for character in code.lower() if character.isalnum())
    return hmac.digest(derive_key(key, "recovery-code"), letters.encode("utf-8", "surrogatepass"), "sha256")


def _key(secret: bytes) -> bytes:
    return derive_key(secret, "totp-secret")
