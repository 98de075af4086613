"""Addresses, as they are compared."""

import unicodedata
from contextlib import suppress
from typing import Final

from mdreader.kernel.errors import InvalidInputError

_CONTROLS: Final = {"Cc", "Cs", "Zl", "Zp"}


def check_address(text: str) -> None:
    """Raise `InvalidInputError` for what could never be in a header: line breaks, controls, nothing around an @."""
    local, at, domain = text.rpartition("@")
    if not (local and at and domain) or any(unicodedata.category(letter) in _CONTROLS for letter in text):
        raise InvalidInputError("This is not an address that mail can be sent to.")


def canonical(text: str) -> str:
    """The form in which carriers and we mean the same address: lower case, the domain as DNS has it."""
    local, _, domain = unicodedata.normalize("NFC", text).strip().lower().rpartition("@")
    if not domain.isascii():
        with suppress(UnicodeError):  # then it is an address to nobody
            domain = domain.encode("idna").decode()
    return f"{local}@{domain}"
