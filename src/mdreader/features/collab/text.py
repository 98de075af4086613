"""The exact text of a file and the text people edit, and how to get from one to the other without losing a byte.

Editors count a line end as one character, so a uniform CRLF is kept beside the text as a property and put back at every way out,
and so is a leading byte order mark. A file that mixes line ends stays in the text as it is.
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

from mdreader.kernel.errors import InvalidInputError

BOM = "\ufeff"

Eol = Literal["lf", "crlf"]


@dataclass(frozen=True, slots=True)
class Shape:
    """What stands beside the edited text: its line end and whether a byte order mark leads it."""

    eol: Eol = "lf"
    bom: bool = False


PLAIN = Shape()


def decompose(exact: str) -> tuple[str, Shape]:
    """The text to edit and the shape of `exact`; `compose` gives `exact` back.

    `InvalidInputError` for text that has no exact UTF-8 form (a lone surrogate) or that a database cannot hold (NUL).
    """
    if "\0" in exact:
        raise InvalidInputError("The text contains a NUL character (U+0000). Remove it and try again.")
    try:
        exact.encode()
    except UnicodeEncodeError:
        raise InvalidInputError(
            "The text contains half of a surrogate pair, which UTF-8 cannot hold. Remove it and try again."
        ) from None
    bom = exact.startswith(BOM)
    body = exact[1:] if bom else exact
    pairs = body.count("\r\n")
    if pairs and pairs == body.count("\n") == body.count("\r"):
        return body.replace("\r\n", "\n"), Shape("crlf", bom)
    return body, Shape("lf", bom)


def compose(body: str, shape: Shape) -> str:
    """The exact text: line ends and byte order mark put back.

    A carriage return that somebody typed into a CRLF document is not doubled where it already stands before a line feed.
    """
    if shape.eol == "crlf":
        body = body.replace("\r\n", "\n").replace("\n", "\r\n") if "\r" in body else body.replace("\n", "\r\n")
    return BOM + body if shape.bom else body


def etag_of(exact: bytes) -> str:
    """The unquoted strong ETag of a text's UTF-8 bytes: 32 hexadecimal digits of SHA-256."""
    return sha256(exact).hexdigest()[:32]
