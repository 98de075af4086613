"""Paths of documents: what one looks like, and what stands in whose way. Pure.

A path is what a relative file path is on disk: segments between forward slashes, compared byte for byte (`A.md` and `a.md` are two
documents) after Unicode normalisation to NFC, as macOS and Linux spell one accent differently.

Names that Windows cannot hold (`a:b.md`, `what?.md`) are allowed, since folders written elsewhere have them, and an export there
fails loudly. A space or dot at the end of a name is not: Windows drops it without a word, so that two documents would become one file.
"""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from mdreader.features.documents.errors import InvalidPathError, PathIsFolderError, PathTakenError

MAX_PATH_BYTES: Final = 1024
MAX_SEGMENT_BYTES: Final = 255  # what file systems take for a name
MAX_DEPTH: Final = 32

# Controls, lone surrogates (not UTF-8), line and paragraph separators.
_UNPRINTABLE: Final = {"Cc", "Cs", "Zl", "Zp"}


def normalise_path(raw: str) -> str:
    """`raw` in the one form in which paths are stored and compared. Raises `InvalidPathError`, whose detail says what to change."""
    if any(unicodedata.category(character) in _UNPRINTABLE for character in raw):
        raise InvalidPathError("A path has no control characters, no line breaks and no halves of surrogate pairs.")
    path = unicodedata.normalize("NFC", raw)
    if not path:
        raise InvalidPathError("The path is empty. Give one such as notes/today.md.")
    if "\\" in path:
        raise InvalidPathError("Write folders with forward slashes (notes/today.md), without backslashes.")
    size = len(path.encode())
    if size > MAX_PATH_BYTES:
        raise InvalidPathError(f"The path has {size} bytes in UTF-8; at most {MAX_PATH_BYTES} are possible.")
    segments = path.split("/")
    if len(segments) > MAX_DEPTH:
        raise InvalidPathError(f"The path has {len(segments)} parts; at most {MAX_DEPTH} are possible.")
    for segment in segments:
        _check_segment(segment)
    return path


def _check_segment(segment: str) -> None:
    if not segment:
        raise InvalidPathError("A path neither begins nor ends with a slash, and has no two of them in a row.")
    if segment in {".", ".."}:
        raise InvalidPathError("A path has no parts that are only . or ..; it starts at the workspace.")
    if segment != segment.strip():
        raise InvalidPathError(f"A name neither begins nor ends with a space: {segment!r}.")
    if segment.endswith("."):
        raise InvalidPathError(f"A name does not end with a dot: {segment!r}. Windows would drop it.")
    if len(segment.encode()) > MAX_SEGMENT_BYTES:
        raise InvalidPathError(f"A name has at most {MAX_SEGMENT_BYTES} bytes in UTF-8: {segment[:40]!r}...")


def ancestors(path: str) -> Iterator[str]:
    """The folders that `path` stands in, the outermost first: `a`, `a/b` for `a/b/c.md`."""
    at = path.find("/")
    while at != -1:
        yield path[:at]
        at = path.find("/", at + 1)


def below(folder: str) -> tuple[str, str]:
    """Two bounds, both excluded, between which exactly the paths inside `folder` sort."""
    return f"{folder}/", f"{folder}0"  # in ASCII the digit 0 follows the slash


def is_below(path: str, folder: str) -> bool:
    """Whether `path` stands inside `folder`, at any depth."""
    return path.startswith(f"{folder}/")


class Placement:
    """What is in the way of paths that are to be taken, and what becomes so as they are.

    `documents` are the documents that stand at one of those paths or at a folder of theirs (path to id); `folders` those of the paths
    below which documents stand.
    """

    def __init__(self, documents: Mapping[str, str], folders: Iterable[str]) -> None:
        self._documents = dict(documents)
        self._folders = set(folders)

    def claim(self, path: str, document_id: str) -> None:
        """Put a document at `path`. Raises `PathTakenError` and `PathIsFolderError`, and then changes nothing."""
        if path in self._documents:
            raise PathTakenError(f"There is a document at {path} already.", extra=self._in_the_way(path))
        if path in self._folders:
            raise PathIsFolderError(f"{path} is a folder; a document cannot have its name.", extra={"path": path})
        folders = list(ancestors(path))
        for folder in folders:
            if folder in self._documents:
                detail = f"{folder} is a document; {path} cannot stand below it."
                raise PathTakenError(detail, extra=self._in_the_way(folder))
        self._documents[path] = document_id
        self._folders.update(folders)

    def _in_the_way(self, path: str) -> dict[str, str]:
        return {"path": path, "document_id": self._documents[path]}
