"""Paths: which there are, and who stands in whose way."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdreader.features.documents.errors import InvalidPathError, PathIsFolderError, PathTakenError
from mdreader.features.documents.paths import Placement, ancestors, below, is_below, normalise_path


@pytest.mark.parametrize(
    "path",
    [
        "a.md",
        "guides/setup.md",
        "What? Why: and *how*.md",
        "Ünïcode/日本語/مرحبا/🦊.md",
        ".hidden/.config.md",
        "...and more/x.md",
        "no extension",
        "/".join("d" * 32),
        "x" * 255,
        "é" * 127,
    ],
)
def test_a_path_stays_as_it_is(path: str) -> None:
    assert normalise_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/abs.md",
        "folder/",
        "a//b.md",
        ".",
        "..",
        "../secret.md",
        "a/../b.md",
        "a/./b.md",
        "a\\b.md",
        "nul\0.md",
        "line\nbreak.md",
        "tab\t.md",
        "delete\x7f.md",
        "c1\x85.md",
        "separator\u2028.md",
        "half\ud800.md",
        " leading.md",
        "trailing ",
        "folder /x.md",
        "no-break\u00a0",
        "dot.",
        "folder./x.md",
        "x" * 256,
        "é" * 128,
        "/".join("d" * 33),
        "/".join(["x" * 205] * 5),
    ],
)
def test_a_path_is_refused(path: str) -> None:
    with pytest.raises(InvalidPathError) as refused:
        normalise_path(path)
    assert refused.value.code == "invalid_path"
    assert refused.value.detail


def test_both_spellings_of_an_accent_are_one_path() -> None:
    composed = "cafés/naïve.md"
    decomposed = unicodedata.normalize("NFD", composed)
    assert composed != decomposed
    assert normalise_path(decomposed) == composed


def test_limits_count_after_normalising() -> None:
    assert len(normalise_path(unicodedata.normalize("NFD", "é" * 127)).encode()) == 254


def test_letters_of_another_case_make_another_path() -> None:
    assert normalise_path("README.md") != normalise_path("readme.md")


@given(st.text(max_size=40))
def test_what_is_accepted_is_stable_and_safe(raw: str) -> None:
    try:
        path = normalise_path(raw)
    except InvalidPathError:
        return
    assert normalise_path(path) == path
    assert not {"", ".", ".."} & set(path.split("/"))
    assert len(path.encode()) <= 1024


def test_ancestors_from_the_outermost() -> None:
    assert list(ancestors("a/b/c.md")) == ["a", "a/b"]
    assert list(ancestors("c.md")) == []


@given(st.lists(st.text("ab/0.~", min_size=1, max_size=6)), st.text("ab0.", min_size=1, max_size=3))
def test_a_folder_is_a_range_of_paths(paths: list[str], folder: str) -> None:
    first, last = below(folder)
    inside = {path for path in paths if is_below(path, folder) and path != first}
    assert {path for path in paths if first < path < last} == inside


def test_one_path_for_one_document() -> None:
    placement = Placement({}, ())
    placement.claim("a.md", "1")
    with pytest.raises(PathTakenError) as refused:
        placement.claim("a.md", "2")
    assert refused.value.extra == {"path": "a.md", "document_id": "1"}


def test_no_document_below_a_document() -> None:
    placement = Placement({"notes": "1"}, ())
    with pytest.raises(PathTakenError) as refused:
        placement.claim("notes/deep/x.md", "2")
    assert refused.value.extra == {"path": "notes", "document_id": "1"}
    placement.claim("notes2/x.md", "3")


def test_no_document_where_a_folder_is() -> None:
    placement = Placement({}, ["stored"])
    placement.claim("made/deep/x.md", "1")
    for folder in ("stored", "made", "made/deep"):
        with pytest.raises(PathIsFolderError) as refused:
            placement.claim(folder, "2")
        assert refused.value.extra == {"path": folder}


def test_what_was_refused_holds_nothing() -> None:
    placement = Placement({"a": "1"}, ())
    with pytest.raises(PathTakenError):
        placement.claim("a/b/c.md", "2")
    placement.claim("b", "3")
    with pytest.raises(PathTakenError):
        placement.claim("a/b", "4")
