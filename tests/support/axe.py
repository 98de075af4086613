"""axe-core in a page: the same rules in every test."""

import json
from functools import cache
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Page, expect

from support.page import Visitor

_SOURCE = Path(__file__).resolve().parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"

SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


@cache
def _source() -> str:
    return _SOURCE.read_text()


def violations(page: Page) -> list[str]:
    """What axe finds wrong with the page as it is now, a line for each element; best practices count, too."""
    page.evaluate(f"typeof axe === 'undefined' && (() => {{ {_source()} }})()")
    found: dict[str, Any] = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    return [
        f"{rule['id']}: {json.dumps(node['target'])} {node['failureSummary'].splitlines()[-1].strip()}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


def check(visitor: Visitor, screen: str) -> list[str]:
    """What is wrong with the screen, in light and in dark."""
    found = []
    for scheme in SCHEMES:
        visitor.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        expect(visitor.page.locator("html")).to_have_attribute("data-theme", scheme)
        found += [f"{screen}, {scheme}: {line}" for line in violations(visitor.page)]
    return found
