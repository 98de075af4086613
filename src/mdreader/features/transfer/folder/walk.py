"""Finding Markdown in a folder, with a reason for everything that is passed over."""

import os
import re
import stat
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from mdreader.features.documents.paths import normalise_path
from mdreader.features.documents.texts import decode_text
from mdreader.kernel.errors import AppError

MARKDOWN: Final = re.compile(r"\.(?:md|markdown|mdown|mkd|mkdn|mdx)\Z", re.IGNORECASE)
NOT_MARKDOWN: Final = "not Markdown"

# Other people's files by the thousand. Folders whose names begin with a dot are passed over too.
_FOREIGN: Final = {"node_modules", "__MACOSX"}


@dataclass(frozen=True, slots=True)
class Found:
    """A Markdown file: where its document stands, where it lies on this machine, its bytes when it was found."""

    path: str
    file: str
    size: int


@dataclass(frozen=True, slots=True)
class Passed:
    """A file or folder that is not brought in. `failed` when it is Markdown, or may hold some, and could not be had."""

    path: str
    reason: str
    detail: str = ""
    failed: bool = False


@dataclass(slots=True)
class Walk:
    """What is in a folder: files in the order of their paths, and what is passed over."""

    files: list[Found] = field(default_factory=list)
    passed: list[Passed] = field(default_factory=list)


class UnusableFileError(Exception):
    """A file whose content cannot be brought in."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


def walk(folder: Path, *, max_bytes: int, hidden: bool = False) -> Walk:
    """Look through `folder`, at any depth. `hidden` looks into hidden folders as well, but never into foreign ones.

    Links to files in the folder count as the files. None is followed out of it: in somebody else's folder one may lead to a secret of
    whoever imports. Nor is one to a folder: a loop of them has no end. Raises `OSError` when the folder itself cannot be read.
    """
    result = Walk()
    top = os.path.realpath(folder)
    os.scandir(folder).close()
    by_path: dict[str, Found] = {}
    for entry, relative in _entries(str(folder), "", result, hidden=hidden):
        found = _judge(entry, relative, max_bytes, top)
        if isinstance(found, Passed):
            result.passed.append(found)
        elif (first := by_path.setdefault(found.path, found)) is not found:
            detail = os.path.relpath(first.file, folder)
            result.passed.append(
                Passed(relative, "its name differs from another one's in Unicode's spelling alone", detail, failed=True)
            )
    result.files = [by_path[path] for path in sorted(by_path)]
    return result


def _entries(folder: str, prefix: str, result: Walk, *, hidden: bool) -> Iterator[tuple["os.DirEntry[str]", str]]:
    """Everything below `folder` that is not a folder, with its path from the top."""
    waiting = [(folder, prefix)]
    while waiting:  # a stack of our own: a folder may be nested deeper than Python recurses
        folder, prefix = waiting.pop()
        try:
            with os.scandir(folder) as scan:
                entries = sorted(scan, key=lambda entry: entry.name)
        except OSError as error:
            result.passed.append(Passed(prefix, "cannot be read", error.strerror or str(error), failed=True))
            continue
        for entry in entries:
            relative = prefix + entry.name
            if not _is_folder(entry):
                yield entry, relative
            elif entry.is_symlink():
                result.passed.append(Passed(f"{relative}/", "a link to a folder"))
            elif entry.name in _FOREIGN or (entry.name.startswith(".") and not hidden) or entry.name == ".git":
                result.passed.append(Passed(f"{relative}/", "a folder not looked into"))
            else:
                waiting.append((entry.path, f"{relative}/"))


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads in a circle
        return False


def _leads_out(entry: "os.DirEntry[str]", top: str) -> bool:
    return entry.is_symlink() and os.path.commonpath([os.path.realpath(entry.path), top]) != top


def _judge(entry: "os.DirEntry[str]", relative: str, max_bytes: int, top: str) -> Found | Passed:
    if not MARKDOWN.search(entry.name):
        return Passed(relative, NOT_MARKDOWN)
    if entry.name.startswith("._"):
        return Passed(relative, "made by macOS beside a file")
    try:
        status = entry.stat()
    except FileNotFoundError:
        return Passed(relative, "a link to nothing", failed=True)
    except OSError as error:
        return Passed(relative, "cannot be read", error.strerror or str(error), failed=True)
    if not stat.S_ISREG(status.st_mode):
        return Passed(relative, "not a file")
    if _leads_out(entry, top):
        return Passed(relative, "a link out of the folder", os.path.realpath(entry.path), failed=True)
    return _place(entry, relative, status.st_size, max_bytes)


def _place(entry: "os.DirEntry[str]", relative: str, size: int, max_bytes: int) -> Found | Passed:
    if size > max_bytes:
        return Passed(relative, "too large", f"{size:,} bytes, at most {max_bytes:,}", failed=True)
    try:
        relative.encode()
        return Found(normalise_path(relative), entry.path, size)
    except UnicodeEncodeError:
        return Passed(relative, "its name is not UTF-8", failed=True)
    except AppError as error:
        return Passed(relative, "its path cannot be used", error.detail, failed=True)


def read_text(file: str, max_bytes: int) -> str:
    """The exact text of a file. Raises `UnusableFileError`."""
    try:
        # Not blocking: what was a file when it was found may be a pipe by now, and would wait for a writer.
        descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as stream:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise UnusableFileError("not a file")
            data = stream.read(max_bytes + 1)
    except OSError as error:
        raise UnusableFileError("cannot be read", error.strerror or str(error)) from error
    try:
        return decode_text(data, max_bytes)
    except AppError as error:
        raise UnusableFileError("not a text that can be stored", error.detail) from error


def printable(name: str) -> str:
    """`name` for a terminal: controls, which could move its cursor or colour it, and what is not UTF-8 are spelled out."""
    name = unicodedata.normalize("NFC", name)
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "backslashreplace").decode() for c in name)
