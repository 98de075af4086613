"""What a text must be to be stored. Pure."""

from mdreader.features.documents.errors import InvalidTextError
from mdreader.kernel.errors import TooLargeError


def check_text(text: str, max_bytes: int) -> int:
    """The size of `text` in UTF-8 bytes. Raises `TooLargeError` and `InvalidTextError`."""
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise InvalidTextError("The text has half of a surrogate pair, which UTF-8 cannot hold.") from None
    if size > max_bytes:
        raise TooLargeError(f"The text has {size} bytes in UTF-8; a document holds at most {max_bytes}.")
    if "\0" in text:
        raise InvalidTextError("The text has a NUL character (U+0000), which no text file has.")
    return size


def decode_text(data: bytes, max_bytes: int) -> str:
    """The text that `data` is in UTF-8, a byte order mark kept. Raises as `check_text` does."""
    if len(data) > max_bytes:
        raise TooLargeError(f"The text has {len(data)} bytes; a document holds at most {max_bytes}.")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise InvalidTextError(f"The text is not UTF-8: see byte {error.start}.") from None
    check_text(text, max_bytes)
    return text
