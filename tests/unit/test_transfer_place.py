"""Writing files below one folder, and nowhere else."""

import os
from pathlib import Path

import pytest

from mdreader.features.transfer.folder.place import InTheWayError, Place, segments


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


@pytest.mark.parametrize(
    "path",
    [
        "../x.md",
        "a/../../x.md",
        "/etc/x.md",
        "",
        ".",
        "..",
        "a/./b.md",
        "a//b.md",
        "a/",
        "a\\..\\b.md",
        "a\0b.md",
        "//x",
    ],
)
def test_paths_that_lead_out_are_refused(tmp_path: Path, out: Path, path: str) -> None:
    with Place(out, force=True) as place, pytest.raises(InTheWayError):
        place.put(path, b"x")
    assert [str(one.relative_to(tmp_path)) for one in tmp_path.rglob("*")] == ["out"]


def test_links_that_lead_out_are_not_followed(tmp_path: Path, out: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "victim.md").write_text("safe")
    out.mkdir()
    (out / "folder").symlink_to(outside)
    (out / "file.md").symlink_to(outside / "victim.md")
    (out / "new.md").symlink_to(outside / "new.md")
    with Place(out, force=True) as place:
        for path in ("folder/x.md", "folder/victim.md", "file.md", "new.md"):
            with pytest.raises(InTheWayError, match=r"link|not a folder"):
                place.put(path, b"overwritten")
    assert {one.name: one.read_text() for one in outside.iterdir()} == {"victim.md": "safe"}


def test_the_folder_itself_may_be_reached_by_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    with Place(tmp_path / "link", force=False) as place:
        assert place.put("a/b.md", b"x") == "written"
    assert (tmp_path / "real/a/b.md").read_bytes() == b"x"


@pytest.mark.parametrize("data", [b"", b"\xef\xbb\xbfa\r\nb\n\r", "👩‍👩‍👧".encode(), os.urandom(300_000)])
def test_bytes_are_written_as_they_are(out: Path, data: bytes) -> None:
    with Place(out, force=False) as place:
        assert place.put("deep/er/ä.md", data) == "written"
        assert [one.name for one in (out / "deep/er").iterdir()] == ["ä.md"], "nothing temporary stays"
    with Place(out, force=False) as place:
        assert place.put("deep/er/ä.md", data) == "unchanged"
    assert (out / "deep/er/ä.md").read_bytes() == data


def test_other_content_stays_unless_forced(out: Path) -> None:
    out.mkdir()
    (out / "a.md").write_bytes(b"mine")
    (out / "a.md").chmod(0o640)
    (out / "other.txt").write_bytes(b"mine")
    with Place(out, force=False) as place:
        assert place.put("a.md", b"theirs") == "differs"
    assert (out / "a.md").read_bytes() == b"mine"
    with Place(out, force=True) as place:
        assert place.put("a.md", b"theirs") == "written"
    assert (out / "a.md").read_bytes() == b"theirs"
    assert (out / "a.md").stat().st_mode & 0o777 == 0o640
    assert (out / "other.txt").read_bytes() == b"mine"


def test_what_is_no_file_is_in_the_way(out: Path) -> None:
    (out / "a.md").mkdir(parents=True)
    (out / "b").write_bytes(b"")
    os.mkfifo(out / "pipe.md")
    with Place(out, force=True) as place:
        for path in ("a.md", "b/c.md", "pipe.md"):
            with pytest.raises(InTheWayError, match="is there and is not"):
                place.put(path, b"x")


def test_a_file_system_that_does_not_tell_names_apart_loses_nothing(out: Path) -> None:
    """As on macOS, where `A.md` and `a.md` are one file: here two names of one file stand for that."""
    with Place(out, force=True) as place:
        assert place.put("a.md", b"first") == "written"
        os.link(out / "a.md", out / "A.md")
        with pytest.raises(InTheWayError, match=r"does not tell it from a\.md"):
            place.put("A.md", b"second")
    assert (out / "a.md").read_bytes() == b"first"


def test_a_name_that_is_too_long_fails_alone(out: Path) -> None:
    with Place(out, force=False) as place:
        with pytest.raises(InTheWayError, match="too long"):
            place.put("x" * 300 + ".md", b"x")
        assert place.put("a.md", b"x") == "written"


def test_a_disk_that_fails_leaves_nothing_half_written(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with Place(out, force=False) as place:
        monkeypatch.setattr(os, "replace", fail)
        with pytest.raises(OSError, match="No space left"):
            place.put("a.md", b"x")
    assert list(out.iterdir()) == []


def test_segments() -> None:
    assert segments("a/b c/d.md") == ["a", "b c", "d.md"]
