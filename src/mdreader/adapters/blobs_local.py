"""Files in a folder of this machine. Their signed addresses lead to our own route, which enforces what S3 would."""

import asyncio
import contextlib
import hashlib
import hmac
import os
import shutil
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path
from tempfile import mkstemp
from typing import BinaryIO, Final, ParamSpec, TypeVar
from urllib.parse import quote, urlencode

from mdreader.kernel.errors import StorageFullError, UnavailableError
from mdreader.kernel.ids import is_id, new_id
from mdreader.ports.blobs import (
    DOWNLOAD_SECONDS,
    LEAST_PART,
    MOST_PARTS,
    UPLOAD_SECONDS,
    BlobNotFoundError,
    Signed,
    Upload,
    check_key,
    disposition,
)

P = ParamSpec("P")
T = TypeVar("T")

PREFIX: Final = "/api/blobs/"
_ABANDONED_SECONDS: Final = 24 * 3600
_PIECE: Final = 256 * 1024
_FULL: Final = {28, 122}  # ENOSPC, EDQUOT


class LocalBlobs:
    """Keeps files under `folder`, by key. `secret` signs addresses, `now` is in milliseconds."""

    def __init__(self, folder: Path, *, secret: bytes, now: Callable[[], int]) -> None:
        self.folder = folder
        self._new = folder / ".new"  # on the same file system, so that a rename puts a file in its place
        self._parts = folder / ".parts"
        self._secret = hmac.digest(secret, b"blobs", "sha256")
        self._now = now

    # ---- files ----

    def path(self, key: str) -> Path:
        """Where a file lies."""
        check_key(key)
        if key.startswith("."):
            raise ValueError("A key begins with no dot.")
        return self.folder / key

    async def put(self, key: str, data: bytes | AsyncIterable[bytes], *, content_type: str) -> None:  # noqa: ARG002 - addresses carry it
        """See `ports.blobs.Blobs`."""
        if isinstance(data, bytes):
            path = self.path(key)
            await _on_thread(self._put, path, data)
            return
        async with self.writing(self.path(key)) as file:
            async for piece in data:
                await asyncio.to_thread(file.write, piece)

    @contextlib.asynccontextmanager
    async def writing(self, path: Path) -> AsyncIterator[BinaryIO]:
        """A file to write, which stands at `path` when the block ends, and nowhere when it raises."""
        file = await _on_thread(self._open_new)
        try:
            with _explained():
                yield file
            await _on_thread(_settle, file, path)
        except BaseException:
            _forget(file)
            raise
        finally:
            file.close()

    async def read(self, key: str) -> AsyncIterator[bytes]:
        """See `ports.blobs.Blobs`."""
        try:
            file = await asyncio.to_thread(self.path(key).open, "rb")
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            raise BlobNotFoundError from None
        with file:
            while piece := await asyncio.to_thread(file.read, _PIECE):
                yield piece

    async def size(self, key: str) -> int | None:
        """See `ports.blobs.Blobs`."""
        path = self.path(key)
        return path.stat().st_size if path.is_file() else None

    async def delete(self, key: str) -> None:
        """See `ports.blobs.Blobs`."""
        path = self.path(key)
        if path.is_file():
            await _on_thread(path.unlink, missing_ok=True)

    def _put(self, path: Path, data: bytes) -> None:
        file = self._open_new()
        try:
            file.write(data)
            _settle(file, path)
        except BaseException:
            _forget(file)
            raise
        finally:
            file.close()

    def _open_new(self) -> BinaryIO:
        self._new.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor, name = mkstemp(dir=self._new)
        os.close(descriptor)
        return open(name, "wb")  # noqa: PTH123 - the callers close it

    def sweep(self) -> None:
        """Remove what was begun and never ended, a day ago or longer: a server was killed, or somebody never brought the rest."""
        before = self._now() / 1000 - _ABANDONED_SECONDS
        for folder in (self._new, self._parts):
            for entry in folder.iterdir() if folder.is_dir() else ():
                if entry.stat().st_mtime < before:
                    shutil.rmtree(entry, ignore_errors=True) if entry.is_dir() else entry.unlink(missing_ok=True)

    # ---- addresses ----

    async def sign_upload(self, key: str, upload: Upload, *, seconds: int = UPLOAD_SECONDS) -> Signed:
        """See `ports.blobs.Blobs`."""
        self.path(key)
        return self._signed_put(key, upload, seconds)

    async def sign_download(
        self, key: str, *, content_type: str, file_name: str | None = None, seconds: int = DOWNLOAD_SECONDS
    ) -> Signed:
        """See `ports.blobs.Blobs`."""
        self.path(key)
        said = {"type": content_type, "disposition": disposition(file_name)}
        return self._sign("GET", key, said, {}, seconds)

    def _signed_put(self, key: str, upload: Upload, seconds: int, **more: str) -> Signed:
        said = {"size": str(upload.size), "type": upload.content_type, "sha256": upload.sha256, **more}
        headers = {"Content-Type": upload.content_type, "Content-Length": str(upload.size)}
        return self._sign("PUT", key, said, headers, seconds)

    def _sign(self, method: str, key: str, said: dict[str, str], headers: dict[str, str], seconds: int) -> Signed:
        expires_at = self._now() + seconds * 1000
        said = {**said, "expires": str(expires_at)}
        query = urlencode({**said, "signature": self._signature(method, key, said)})
        return Signed(method, f"{PREFIX}{quote(key)}?{query}", headers, expires_at)

    def holds(self, method: str, key: str, said: Mapping[str, str]) -> bool:
        """Whether the query `said` was signed here for this method and key, and is not over."""
        signed = {name: value for name, value in said.items() if name != "signature"}
        right = hmac.compare_digest(
            self._signature(method, key, signed).encode(), said.get("signature", "").encode("utf-8", "surrogatepass")
        )
        # In this order: what is said counts only when we said it.
        return right and int(signed["expires"]) >= self._now()

    def _signature(self, method: str, key: str, said: dict[str, str]) -> str:
        # Each field with its length before it, so that no two requests read the same.
        fields = [method, key, *(part for item in sorted(said.items()) for part in item)]
        text = b"".join(
            f"{len(raw)}:".encode() + raw for raw in (field.encode("utf-8", "surrogatepass") for field in fields)
        )
        return hmac.new(self._secret, text, hashlib.sha256).hexdigest()

    # ---- parts ----

    async def begin(self, key: str, *, content_type: str) -> str:  # noqa: ARG002 - addresses carry it
        """See `ports.blobs.BlobParts`."""
        self.path(key)
        upload_id = new_id()
        await _on_thread(self._part_folder(key, upload_id).mkdir, parents=True, mode=0o700)
        return upload_id

    async def sign_part(
        self, key: str, upload_id: str, number: int, upload: Upload, *, seconds: int = UPLOAD_SECONDS
    ) -> Signed:
        """See `ports.blobs.BlobParts`."""
        self.path(key)
        if not 1 <= number <= MOST_PARTS:
            raise ValueError(f"Parts have numbers from 1 to {MOST_PARTS}.")
        return self._signed_put(key, upload, seconds, part_of=upload_id, part=str(number))

    def destination(self, key: str, said: Mapping[str, str]) -> Path:
        """Where an upload goes whose address `holds`. Raises `BlobNotFoundError` for a part of an upload that is over."""
        if "part_of" not in said:
            return self.path(key)
        folder = self._part_folder(key, said["part_of"])
        if not folder.is_dir():
            raise BlobNotFoundError("This upload is over.")
        return folder / f"{int(said['part']):05}"

    async def complete(self, key: str, upload_id: str, *, parts: int) -> int:
        """See `ports.blobs.BlobParts`."""
        path, folder = self.path(key), self._part_folder(key, upload_id)
        files = [folder / f"{number:05}" for number in range(1, parts + 1)]
        return await _on_thread(self._join, files, path, folder)

    def _join(self, files: list[Path], path: Path, folder: Path) -> int:
        if not files or not all(file.is_file() for file in files):
            raise BlobNotFoundError("A part is missing, or this upload is over.")
        sizes = [file.stat().st_size for file in files]
        if any(size < LEAST_PART for size in sizes[:-1]):
            raise ValueError(f"All parts but the last have {LEAST_PART} bytes or more.")
        file = self._open_new()
        with file:
            for part in files:
                with part.open("rb") as source:
                    shutil.copyfileobj(source, file, _PIECE)
            _settle(file, path)
        shutil.rmtree(folder, ignore_errors=True)
        return sum(sizes)

    async def abort(self, key: str, upload_id: str) -> None:
        """See `ports.blobs.BlobParts`."""
        await asyncio.to_thread(shutil.rmtree, self._part_folder(key, upload_id), ignore_errors=True)

    def _part_folder(self, key: str, upload_id: str) -> Path:
        # The key is part of the name: the id of one upload says nothing about another key.
        if not is_id(upload_id):
            return self._parts / "none"
        return self._parts / f"{upload_id}-{hashlib.sha256(key.encode()).hexdigest()[:16]}"


def _forget(file: BinaryIO) -> None:
    with contextlib.suppress(FileNotFoundError):
        Path(file.name).unlink()


def _settle(file: BinaryIO, path: Path) -> None:
    """Put a written file in its place, for good."""
    file.flush()
    os.fsync(file.fileno())
    _make_folder(path.parent)
    Path(file.name).replace(path)
    _sync_folder(path.parent)


def _make_folder(folder: Path) -> None:
    if not folder.is_dir():
        _make_folder(folder.parent)
        folder.mkdir(exist_ok=True, mode=0o700)
        _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise StorageFullError("The disk of the files is full.") from error
        raise UnavailableError(f"The files cannot be reached: {error.strerror}.") from error


async def _on_thread(function: Callable[P, T], *arguments: P.args, **options: P.kwargs) -> T:
    with _explained():
        return await asyncio.to_thread(function, *arguments, **options)
