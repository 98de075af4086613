"""The smallest edit between two texts, in bytes as pycrdt counts them; by every matcher that this machine has."""

import random
import time
import tomllib
from itertools import groupby
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from mdreader.features.collab import matching
from mdreader.features.collab.diff import FEW_CHARACTERS, Edit, edits_between, middle_between
from mdreader.features.collab.replica import Replica, seed_update


@pytest.fixture(params=matching.MATCHERS, autouse=True)
def runs(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> matching.Runs:
    """The matcher that this test runs with."""
    chosen = matching.MATCHERS[request.param]
    monkeypatch.setattr(matching, "runs", chosen)
    return chosen


def applied(old: str, edits: list[Edit]) -> str:
    replica = Replica(seed_update(old))
    if edits:
        replica.edit(edits)
    return replica.text()


@pytest.mark.parametrize(
    ("old", "new", "edits"),
    [
        ("same", "same", []),
        ("", "new 🎉", [Edit(0, 0, "new 🎉")]),
        ("old é", "", [Edit(0, 6, "")]),
        ("one two three", "one 2 three", [Edit(4, 3, "2")]),
        ("é🎉 end", "é🎉! end", [Edit(6, 0, "!")]),
        ("aaaa", "aaaaa", [Edit(4, 0, "a")]),
    ],
)
def test_an_edit_touches_no_more_than_it_must(old: str, new: str, edits: list[Edit]) -> None:
    assert edits_between(old, new) == edits
    assert applied(old, edits) == new


def test_two_changed_lines_leave_the_one_between_them_alone() -> None:
    old = "first line\nthe middle stays\nlast line\n"
    new = "FIRST line\nthe middle stays\nLAST line\n"
    edits = edits_between(old, new)
    assert applied(old, edits) == new
    middle = range(old.index("the middle"), old.index("last"))
    offset = 0
    for edit in edits:
        touched = range(edit.index - offset, edit.index - offset + edit.deleted)
        assert not set(touched) & set(middle)
        offset += len(edit.inserted.encode()) - edit.deleted


def test_any_text_becomes_any_other() -> None:
    random.seed(7)
    letters = "ab\n é🎉\r"
    for _ in range(500):
        old, new = ("".join(random.choices(letters, k=random.randrange(40))) for _ in range(2))
        assert applied(old, edits_between(old, new)) == new
        assert applied(old, edits_between(old, new, time_limit=0.0001)) == new


def test_only_what_differs_counts_for_the_choice_of_the_thread() -> None:
    long = "a line that stays as it is\n" * 10_000
    assert not middle_between(long + "old", long + "new").is_large
    assert not middle_between(long, long + "x" * 10 * FEW_CHARACTERS).is_large
    assert middle_between(long + "o" * FEW_CHARACTERS + "!", long + "n" * FEW_CHARACTERS).is_large


# ---- what every matcher keeps to ----


def rebuilt(runs: matching.Runs, old: str, new: str, time_limit: float) -> str:
    """`new`, of the characters that stay and those that come; AssertionError where a run does not hold."""
    at_old = at_new = 0
    text = ""
    for kind, count in runs(old, new, time_limit):
        assert count > 0
        if kind == "=":
            assert old[at_old : at_old + count] == new[at_new : at_new + count]
        if kind in "=-":
            at_old += count
        if kind in "=+":
            text += new[at_new : at_new + count]
            at_new += count
    assert (at_old, at_new) == (len(old), len(new)), "all of both texts"
    return text


@pytest.mark.parametrize("letters", ["ab\n", "aé\u0301\r\n", "🎉🎊👩\u200d🚀\n", "\U00010000\uffff\ue000\u0000\n"])
def test_runs_count_code_points_of_any_script(runs: matching.Runs, letters: str) -> None:
    random.seed(letters)
    for size in (3, 30, 300):
        old, new = ("".join(random.choices(letters, k=size)) for _ in range(2))
        assert rebuilt(runs, old, new, 0.25) == new


def test_a_character_stays_wherever_it_can(runs: matching.Runs) -> None:
    kinds = [kind for kind, _ in groupby(runs("1🎉2\r\n3é4", "a🎉b\r\ncéd", 0.25), key=lambda run: run[0])]
    assert kinds.count("=") == 3
    assert rebuilt(runs, "1🎉2\r\n3é4", "a🎉b\r\ncéd", 0.25) == "a🎉b\r\ncéd"


def test_a_line_that_moved_far_is_found_in_a_long_text(runs: matching.Runs) -> None:
    lines = [f"line {number} says {number * number % 9973}\n" for number in range(2_000)]
    moved = [*lines[500:], *lines[:500]]
    old, new = "".join(lines), "".join(moved)
    assert rebuilt(runs, old, new, 5) == new
    assert sum(count for kind, count in runs(old, new, 5) if kind == "=") >= len("".join(lines[500:]))


def test_the_search_ends_when_its_time_is_over(runs: matching.Runs) -> None:
    random.seed(11)
    old, new = ("".join(random.choices("abcdefgh ", k=20_000)) for _ in range(2))
    begun = time.thread_time()
    found = list(runs(old, new, 0.01))
    assert time.thread_time() - begun < 2, "to its end it would take far longer"
    assert found


def test_the_compiled_one_is_in_wherever_it_has_a_wheel() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    asked = [Requirement(line) for line in project["dependencies"]]
    (compiled,) = [one for one in asked if one.name == "fast-diff-match-patch"]
    assert compiled.marker is not None
    if compiled.marker.evaluate():
        assert next(iter(matching.MATCHERS)) == "compiled"
    for python, system, machine, wanted in (
        ("3.11", "linux", "x86_64", True),
        ("3.12", "darwin", "arm64", True),
        ("3.12", "linux", "aarch64", False),
        ("3.13", "linux", "x86_64", False),
    ):
        platform = {"python_version": python, "sys_platform": system, "platform_machine": machine}
        assert compiled.marker.evaluate(platform) is wanted, platform
