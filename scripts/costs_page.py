"""Bring the tables of docs/costs.md and docs/scale.md up to date: `python scripts/costs_page.py [--quick]`."""

import sys
from pathlib import Path

from mdreader.cloud.page import SLOW, renewed

DOCS = Path(__file__).parents[1] / "docs"


def main() -> None:
    """Write both pages; `--quick` leaves alone what takes longer than a second."""
    leave = SLOW if "--quick" in sys.argv else frozenset()
    for page in (DOCS / "costs.md", DOCS / "scale.md"):
        page.write_text(renewed(page.read_text("utf-8"), leave=leave), "utf-8")


if __name__ == "__main__":
    main()
