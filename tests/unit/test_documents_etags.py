"""Conditions in requests."""

import pytest

from mdreader.features.documents.etags import parse_condition, quoted


@pytest.mark.parametrize(
    ("header", "strongly", "weakly"),
    [
        ('"a"', True, True),
        ('"b", "a"', True, True),
        ('"b","a","c"', True, True),
        (' "a" ', True, True),
        ("*", True, True),
        (" * ", True, True),
        ('W/"a"', False, True),
        ('W/"a", "b"', False, True),
        ('"b"', False, False),
        ('"A"', False, False),
        ("a", False, False),
        ("", False, False),
        ('"a', False, False),
        ('"*"', False, False),
        ('""', False, False),
    ],
)
def test_comparing(header: str, strongly: bool, weakly: bool) -> None:
    condition = parse_condition(header)
    assert condition.matches_strongly("a") is strongly
    assert condition.matches_weakly("a") is weakly


def test_a_comma_inside_a_tag_is_its_own() -> None:
    condition = parse_condition('"a,b", "c"')
    assert condition.strong == {"a,b", "c"}


def test_what_goes_out_comes_back() -> None:
    assert parse_condition(quoted("0f")).strong == {"0f"}
