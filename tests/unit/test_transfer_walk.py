"""Finding Markdown in a folder."""

import os
import unicodedata
from pathlib import Path
from typing import Any

import pytest

from mdreader.features.transfer.folder.walk import Passed, UnusableFileError, printable, read_text, walk

LIMIT = 1000


def write(folder: Path, *paths: str, data: bytes = b"x") -> None:
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)


def reasons(passed: list[Passed]) -> dict[str, str]:
    return {one.path: one.reason for one in passed}


def test_it_finds_every_kind_of_markdown_in_the_order_of_paths(tmp_path: Path) -> None:
    write(tmp_path, "b.md", "a.MD", "c.markdown", "d.mdown", "e.mkd", "f.mkdn", "g.MdX", "z/y/x.md", "a/b.md")
    found = walk(tmp_path, max_bytes=LIMIT)
    assert [file.path for file in found.files] == sorted(file.path for file in found.files)
    assert {file.path for file in found.files} == {
        "b.md", "a.MD", "c.markdown", "d.mdown", "e.mkd", "f.mkdn", "g.MdX", "z/y/x.md", "a/b.md",
    }  # fmt: skip
    assert found.passed == []
    assert all(Path(file.file).read_bytes() == b"x" for file in found.files)


def test_it_says_what_it_passes_over(tmp_path: Path) -> None:
    write(
        tmp_path, "a.md", "logo.png", "README", "x.md.bak", ".git/HEAD.md", ".github/x.md", "p/node_modules/q/README.md"
    )
    write(tmp_path, "__MACOSX/x.md", "._a.md", ".hidden.md")
    found = walk(tmp_path, max_bytes=LIMIT)
    assert [file.path for file in found.files] == [".hidden.md", "a.md"]
    assert reasons(found.passed) == {
        "logo.png": "not Markdown",
        "README": "not Markdown",
        "x.md.bak": "not Markdown",
        ".git/": "a folder not looked into",
        ".github/": "a folder not looked into",
        "p/node_modules/": "a folder not looked into",
        "__MACOSX/": "a folder not looked into",
        "._a.md": "made by macOS beside a file",
    }
    assert not any(one.failed for one in found.passed)


def test_hidden_folders_are_looked_into_when_asked_but_never_gits(tmp_path: Path) -> None:
    write(tmp_path, ".git/HEAD.md", ".github/x.md", "node_modules/q/README.md")
    found = walk(tmp_path, max_bytes=LIMIT, hidden=True)
    assert [file.path for file in found.files] == [".github/x.md"]
    assert set(reasons(found.passed)) == {".git/", "node_modules/"}


def test_the_folder_itself_may_be_called_anything(tmp_path: Path) -> None:
    write(tmp_path, "node_modules/.x/a.md")
    assert [file.path for file in walk(tmp_path / "node_modules/.x", max_bytes=LIMIT).files] == ["a.md"]


def test_links_to_files_count_and_links_to_folders_are_not_followed(tmp_path: Path) -> None:
    write(tmp_path, "real/a.md")
    (tmp_path / "file.md").symlink_to("real/a.md")
    (tmp_path / "real/loop").symlink_to("..")
    (tmp_path / "self").symlink_to("self")
    (tmp_path / "self.md").symlink_to("self.md")
    (tmp_path / "gone.md").symlink_to("nowhere.md")
    found = walk(tmp_path, max_bytes=LIMIT)
    assert [file.path for file in found.files] == ["file.md", "real/a.md"]
    assert reasons(found.passed) == {
        "real/loop/": "a link to a folder",
        "self": "not Markdown",
        "self.md": "cannot be read",
        "gone.md": "a link to nothing",
    }
    assert {one.path for one in found.passed if one.failed} == {"self.md", "gone.md"}


def test_what_is_no_file_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.md")
    (tmp_path / "folder.md").mkdir()
    write(tmp_path, "folder.md/a.md")
    found = walk(tmp_path, max_bytes=LIMIT)
    assert [file.path for file in found.files] == ["folder.md/a.md"]
    assert reasons(found.passed) == {"pipe.md": "not a file"}
    with pytest.raises(UnusableFileError, match="not a file"):
        read_text(str(tmp_path / "pipe.md"), LIMIT)


def test_names_come_in_one_spelling(tmp_path: Path) -> None:
    decomposed, composed = unicodedata.normalize("NFD", "Résumé/é.md"), unicodedata.normalize("NFC", "Résumé/é.md")
    write(tmp_path, decomposed)
    (found,) = walk(tmp_path, max_bytes=LIMIT).files
    assert found.path == composed
    assert read_text(found.file, LIMIT) == "x"
    write(tmp_path, composed)
    both = walk(tmp_path, max_bytes=LIMIT)
    assert [file.path for file in both.files] == [composed]
    (passed,) = both.passed
    assert passed.failed
    assert "spelling" in passed.reason


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        (b"caf\xe9.md", "its name is not UTF-8"),
        (b"back\\slash.md", "its path cannot be used"),
        (b"new\nline.md", "its path cannot be used"),
        (b" .md", "its path cannot be used"),
    ],
)
def test_names_that_no_document_can_have(tmp_path: Path, name: bytes, reason: str) -> None:
    with open(os.path.join(os.fsencode(tmp_path), name), "wb") as file:  # noqa: PTH118, PTH123 - Path takes no bytes
        file.write(b"x")
    found = walk(tmp_path, max_bytes=LIMIT)
    assert found.files == []
    (passed,) = found.passed
    assert (passed.reason, passed.failed) == (reason, True)
    printable(passed.path).encode()


def test_a_tree_too_deep_for_documents_does_not_stop_it(tmp_path: Path) -> None:
    deep = tmp_path
    for _ in range(40):
        deep /= "d"
    deep.mkdir(parents=True)
    write(deep, "a.md")
    write(tmp_path, "b.md")
    found = walk(tmp_path, max_bytes=LIMIT)
    assert [file.path for file in found.files] == ["b.md"]
    assert [one.reason for one in found.passed] == ["its path cannot be used"]


def test_too_large_is_said_before_it_is_read(tmp_path: Path) -> None:
    write(tmp_path, "just.md", data=b"x" * LIMIT)
    write(tmp_path, "over.md", data=b"x" * (LIMIT + 1))
    found = walk(tmp_path, max_bytes=LIMIT)
    assert [file.path for file in found.files] == ["just.md"]
    assert reasons(found.passed) == {"over.md": "too large"}
    with pytest.raises(UnusableFileError, match="at most"):
        read_text(str(tmp_path / "over.md"), LIMIT)


@pytest.mark.parametrize("data", [b"caf\xe9", b"a\0b", b"\xed\xa0\x80", "é".encode("utf-16")])
def test_what_is_not_text_is_not_read(tmp_path: Path, data: bytes) -> None:
    write(tmp_path, "a.md", data=data)
    with pytest.raises(UnusableFileError):
        read_text(str(tmp_path / "a.md"), LIMIT)


@pytest.mark.parametrize("text", ["", "\ufeffa\r\nb", "a\rb\nc\r\n", "no end", "\u2028é👩‍👩‍👧"])
def test_texts_are_read_exactly(tmp_path: Path, text: str) -> None:
    write(tmp_path, "a.md", data=text.encode())
    assert read_text(str(tmp_path / "a.md"), LIMIT).encode() == text.encode()


def test_what_may_not_be_read_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "a.md", "closed/b.md")
    real = os.scandir

    def scandir(path: str) -> Any:  # root, as whom tests may run, can read everything
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    found = walk(tmp_path, max_bytes=LIMIT)
    assert [file.path for file in found.files] == ["a.md"]
    assert found.passed == [Passed("closed/", "cannot be read", "Permission denied", failed=True)]


def test_a_file_that_vanishes_is_said(tmp_path: Path) -> None:
    with pytest.raises(UnusableFileError, match="cannot be read"):
        read_text(str(tmp_path / "gone.md"), LIMIT)


def test_a_name_cannot_play_with_the_terminal() -> None:
    assert printable("\x1b[2Jé\u202e.md\udce9\n") == "\\x1b[2Jé\\u202e.md\\udce9\\n"


def test_no_link_is_followed_out_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("of whoever imports")
    (tmp_path / "notes-of-others").mkdir()
    (tmp_path / "notes-of-others" / "their.md").write_text("beside a folder whose name begins alike")
    notes = tmp_path / "notes"
    notes.mkdir()
    (notes / "absolute.md").symlink_to(tmp_path / "secret")
    (notes / "relative.md").symlink_to("../secret")
    (notes / "hop.md").symlink_to("relative.md")
    (notes / "beside.md").symlink_to("../notes-of-others/their.md")
    (notes / "real.md").write_text("mine")
    (notes / "inside.md").symlink_to(notes / "real.md")
    (tmp_path / "way").symlink_to("notes")
    for folder in (notes, tmp_path / "way"):
        found = walk(folder, max_bytes=1000)
        assert [one.path for one in found.files] == ["inside.md", "real.md"]
        assert [one.path for one in found.passed] == ["absolute.md", "beside.md", "hop.md", "relative.md"]
        assert {(one.reason, one.failed) for one in found.passed} == {("a link out of the folder", True)}
