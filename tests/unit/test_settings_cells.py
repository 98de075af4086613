"""MDREADER_CELL and MDREADER_CELLS: what they may be."""

import pytest

from mdreader.bootstrap.cells import cells_of
from mdreader.settings import SettingsError, load_settings

BOTH = "eu=https://eu.example.org/ , us=https://us.example.org:8443"


def test_none_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    assert cells_of(load_settings()) is None


def test_cells_have_an_order_and_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MDREADER_CELL", "us")
    monkeypatch.setenv("MDREADER_CELLS", BOTH)
    cells = cells_of(load_settings())
    assert cells is not None
    assert (cells.own, cells.first) == ("us", "eu")
    assert dict(cells.addresses) == {"eu": "https://eu.example.org", "us": "https://us.example.org:8443"}
    assert cells.address(None) == "https://eu.example.org"
    assert cells.address("us") == "https://us.example.org:8443"
    assert cells.address("gone") is None


@pytest.mark.parametrize(
    ("cell", "cells", "says"),
    [
        ("eu", "", "need each other"),
        ("", BOTH, "need each other"),
        ("asia", BOTH, "MDREADER_CELLS does not name asia"),
        ("EU", "EU=https://eu.example.org", "MDREADER_CELL"),
        ("eu", "eu=https://a.example.org, eu=https://b.example.org", "two cells have one name"),
        ("eu", "eu", "must be names with addresses"),
        ("eu", "eu=eu.example.org", "must be names with addresses"),
        ("eu", "eu=https://example.org/eu", "must be names with addresses"),
        ("eu", "eu=javascript:alert(1)", "must be names with addresses"),
    ],
)
def test_what_cannot_be_used_is_refused(monkeypatch: pytest.MonkeyPatch, cell: str, cells: str, says: str) -> None:
    monkeypatch.setenv("MDREADER_CELL", cell)
    monkeypatch.setenv("MDREADER_CELLS", cells)
    with pytest.raises(SettingsError, match=says):
        load_settings()
