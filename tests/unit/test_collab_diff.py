"""The smallest edit between two texts, in bytes as pycrdt counts them."""

import random

import pytest

from mdreader.features.collab.diff import FEW_CHARACTERS, Edit, edits_between, middle_between
from mdreader.features.collab.replica import Replica, seed_update


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
