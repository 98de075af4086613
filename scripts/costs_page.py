"""Bring the tables of docs/costs.md up to date: `python scripts/costs_page.py`."""

from pathlib import Path

from mdreader.cloud.page import renewed

PAGE = Path(__file__).parents[1] / "docs" / "costs.md"


def main() -> None:
    """Write the page."""
    PAGE.write_text(renewed(PAGE.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main()
