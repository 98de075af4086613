"""The form of API keys."""

import re

import pytest

from mdreader.features.accounts.keys import digest, is_well_formed, new_key


def test_a_key_is_long_random_and_well_formed() -> None:
    keys = {new_key() for _ in range(200)}
    assert len(keys) == 200
    assert all(is_well_formed(key) and re.fullmatch(r"mdr_[0-9A-Za-z]{49}", key) for key in keys)
    assert len({digest(key) for key in keys}) == 200


def test_any_one_mistyped_character_is_noticed() -> None:
    key = new_key()
    for position in range(len(key)):
        wrong = "x" if key[position] != "x" else "y"
        assert not is_well_formed(key[:position] + wrong + key[position + 1 :])


@pytest.mark.parametrize(
    "key",
    ["", "mdr_", "mdr_" + "a" * 49, new_key()[:-1], new_key() + "a", "é" * 53],
    ids=["empty", "prefix", "unchecked", "short", "long", "not ASCII"],  # the same in every test process
)
def test_what_is_not_a_key(key: str) -> None:
    assert not is_well_formed(key)
