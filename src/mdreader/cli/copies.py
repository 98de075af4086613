"""A box's copy that lies elsewhere: fetched from a signed address, for a move that cannot reach the box's disk."""

import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from mdreader.cli.moving import MoveError

DATABASE = "mdreader.sqlite3"
_WANTED = (DATABASE, "secret.key")
_LOCAL = {"localhost", "127.0.0.1", "::1"}


@contextmanager
def fetched(url: str) -> Iterator[Path]:
    """The database of the copy at `url`, with its secret beside it, until the end. Raises `MoveError`."""
    parts = urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in _LOCAL:
        raise MoveError("A copy is fetched over https:// only: everybody's words are in it.")
    with tempfile.TemporaryDirectory(prefix="mdreader-copy-") as name:
        folder = Path(name)
        with tempfile.TemporaryFile(dir=folder) as file:
            _download(url, file)
            file.seek(0)
            _unpack(file, folder)
        yield folder / DATABASE


def _download(url: str, file: IO[bytes]) -> None:
    import httpx

    try:
        with httpx.stream("GET", url, timeout=60) as answer:
            if answer.status_code != httpx.codes.OK:
                raise MoveError(f"The copy cannot be fetched: {answer.status_code}. Has the address run out?")
            for chunk in answer.iter_bytes():
                file.write(chunk)
    except httpx.HTTPError as error:
        # The address itself is not repeated: whoever has it has the copy.
        raise MoveError(f"The copy cannot be fetched from {urlsplit(url).hostname}: {type(error).__name__}.") from None


def _unpack(file: IO[bytes], folder: Path) -> None:
    try:
        with tarfile.open(fileobj=file) as archive:
            for name in _WANTED:
                member = archive.getmember(name)
                content = archive.extractfile(member) if member.isfile() else None
                if content is None:
                    raise MoveError(f"{name} in that copy is not a file.")
                # Not `extract`: its filter came with Python 3.11.4, and only the bytes are wanted.
                with content, (folder / name).open("xb") as target:
                    shutil.copyfileobj(content, target)
    except KeyError as error:
        raise MoveError(f"That is no copy of a box: {error.args[0]}.") from None
    except tarfile.TarError as error:
        raise MoveError(f"That is no copy of a box: {error}.") from None
