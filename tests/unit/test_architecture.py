"""docs/architecture.md's table of ports says what is there."""

import re
from pathlib import Path

import pytest

from mdreader.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
HOUSE = ROOT / "src" / "mdreader"
# No part to swap: what documents ask of live editing, which stands above them.
NOT_SWAPPED = {"ports/live"}


def rows() -> list[list[str]]:
    """Ports, adapters, settings, tests: the cells of each row."""
    text = (ROOT / "docs" / "architecture.md").read_text()
    table = text.partition("| port | adapters | chosen by | tests |")[2].partition("\n\n")[0]
    return [line.strip("| ").split(" | ") for line in table.splitlines()[2:]]


def quoted(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def there(name: str) -> bool:
    """Whether a module or a folder of the house has this name: `db.engine.Database`, `ports/fanout`, `accounts/ways_in`."""
    path = name.replace(".", "/") if name.startswith("db.") else name
    return any(
        (folder / f"{path}.py").is_file() or (folder / path.rpartition("/")[0]).with_suffix(".py").is_file()
        for folder in (HOUSE, HOUSE / "features")
    )


def test_the_table_is_read() -> None:
    found = rows()
    assert len(found) > 10
    assert all(len(row) == 4 for row in found), found


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0])
def test_each_row_is_true(row: list[str]) -> None:
    ports, adapters, settings, tests = row
    known = {str(field.validation_alias) for field in Settings.model_fields.values()}
    assert [name for name in quoted(ports) if not there(name)] == []
    assert len(re.split(r"; | or |, by ", adapters)) > 1 or quoted(adapters), adapters
    assert [name for name in quoted(settings) if name.partition("=")[0] not in known] == []
    missing = [
        path
        for path in quoted(tests)
        if not list((ROOT / "tests").glob(f"{path}.py")) + list((ROOT / "tests").glob(path))
    ]
    assert missing == []
    assert quoted(tests) or tests.startswith("every test")


def test_every_port_has_a_row() -> None:
    ports = {f"ports/{path.stem}" for path in (HOUSE / "ports").glob("*.py")} - {"ports/__init__"} - NOT_SWAPPED
    named = {name for row in rows() for name in quoted(row[0])}
    assert ports <= named


def test_every_adapter_is_chosen_somewhere() -> None:
    """One that nobody chooses would be a row without a setting."""
    source = "".join(
        path.read_text() for name in ("bootstrap", "cli", "adapters") for path in (HOUSE / name).glob("*.py")
    )
    names = {path.stem for path in (HOUSE / "adapters").glob("*.py")} - {"__init__", "tables"}
    assert {
        name
        for name in names
        if f"mdreader.adapters.{name} import" not in source and f"mdreader.adapters import {name}" not in source
    } == set()
