"""Files by key: documents as Markdown, attachments, backups. Clients bring and fetch them by signed addresses, past our process or not."""

import re
import unicodedata
from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass
from typing import Final, Protocol
from urllib.parse import quote

from mdreader.kernel.errors import NotFoundError

DOWNLOAD_SECONDS: Final = 15 * 60
UPLOAD_SECONDS: Final = 15 * 60
# Bounds of S3, which hold in every adapter: of one upload, of a part that is not the last, and how many parts there are.
MOST_BYTES: Final = 5 * 1024**3
LEAST_PART: Final = 5 * 1024**2
MOST_PARTS: Final = 10_000

_KEY_BYTES: Final = 1024
_NAME_BYTES: Final = 255
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_TYPE: Final = re.compile(r"[\w.+-]+/[\w.+-]+(?:; ?charset=[\w-]+)?", re.ASCII)


class BlobNotFoundError(NotFoundError):
    """There is nothing under this key (404)."""

    code = "blob_not_found"
    title = "There is no such file"


@dataclass(frozen=True, slots=True)
class Signed:
    """A request that anybody who holds it may send, until `expires_at` (milliseconds), with exactly these headers.

    `url` is absolute, or a path on this server.
    """

    method: str
    url: str
    headers: dict[str, str]
    expires_at: int


@dataclass(frozen=True, slots=True)
class Upload:
    """What is to be uploaded: exactly `size` bytes of `content_type`, whose SHA-256 is `sha256` (hex). Raises `ValueError`."""

    size: int
    content_type: str
    sha256: str

    def __post_init__(self) -> None:
        if not 0 <= self.size <= MOST_BYTES:
            raise ValueError(f"An upload has 0 to {MOST_BYTES} bytes; larger files go in parts.")
        if not _TYPE.fullmatch(self.content_type):
            raise ValueError("This is no content type.")
        if not _SHA256.fullmatch(self.sha256):
            raise ValueError("The SHA-256 is 64 hexadecimal digits, lower case.")


class Blobs(Protocol):
    """Stores files by key. All of it raises `ValueError` for a key that `check_key` refuses, and `UnavailableError`."""

    async def put(self, key: str, data: bytes | AsyncIterable[bytes], *, content_type: str) -> None:
        """Store a file under `key`, in place of what is there, whole or not at all; it stays when this returns."""
        ...

    def read(self, key: str) -> AsyncIterator[bytes]:
        """The file in pieces. `BlobNotFoundError` before the first one."""
        ...

    async def size(self, key: str) -> int | None:
        """How many bytes there are under `key`; None when there is nothing."""
        ...

    async def delete(self, key: str) -> None:
        """Forget what is under `key`, if anything is."""
        ...

    async def sign_upload(self, key: str, upload: Upload, *, seconds: int = UPLOAD_SECONDS) -> Signed:
        """A request that stores `upload`, and nothing else, under `key`."""
        ...

    async def sign_download(
        self, key: str, *, content_type: str, file_name: str | None = None, seconds: int = DOWNLOAD_SECONDS
    ) -> Signed:
        """A request that reads `key`. With a `file_name` a browser saves it under that, else it may show it."""
        ...


class BlobParts(Protocol):
    """Files that are brought in parts, each with its own signed address; under `key` there is nothing new until all are there."""

    async def begin(self, key: str, *, content_type: str) -> str:
        """Expect parts for `key`; the id of this upload."""
        ...

    async def sign_part(
        self, key: str, upload_id: str, number: int, upload: Upload, *, seconds: int = UPLOAD_SECONDS
    ) -> Signed:
        """A request that stores part `number`, from 1. All but the last have `LEAST_PART` bytes or more."""
        ...

    async def complete(self, key: str, upload_id: str, *, parts: int) -> int:
        """Make one file of parts 1 to `parts`; its size. `BlobNotFoundError` when one is missing, or the upload is over."""
        ...

    async def abort(self, key: str, upload_id: str) -> None:
        """Forget an upload and what was brought of it. One that is over already stays as it is."""
        ...


class BlobStore(Blobs, BlobParts, Protocol):
    """What an adapter is: both."""


def check_key(key: str) -> None:
    """Raise `ValueError` for a key that would not be the same file everywhere: a path that climbs, or letters that file systems change."""
    if not 0 < len(key.encode("utf-8", "surrogatepass")) <= _KEY_BYTES or unicodedata.normalize("NFC", key) != key:
        raise ValueError("A key has 1 to 1024 bytes, in normal form C.")
    for segment in key.split("/"):
        if segment in {"", ".", ".."} or len(segment.encode("utf-8", "surrogatepass")) > _NAME_BYTES:
            raise ValueError("A key is a path without empty segments, '.' and '..'.")
        if any(unicodedata.category(letter) in {"Cc", "Cs", "Zl", "Zp"} or letter == "\\" for letter in segment):
            raise ValueError("A key has no control characters and no backslashes.")


def disposition(file_name: str | None) -> str:
    """The Content-Disposition with which a browser shows a file, or saves it as `file_name`."""
    if file_name is None:
        return "inline"
    # RFC 6266: the exact name for those who know the form, and none that has to be escaped for the others.
    plain = re.sub(r"[^ \w.()-]", "_", file_name, flags=re.ASCII)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(file_name, safe='')}"
