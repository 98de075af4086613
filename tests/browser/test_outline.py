"""The outline by keyboard: in, to a heading, and back to where one was."""

import pytest
from playwright.sync_api import Locator, expect

from support.page import Place, Visit, Visitor, new_place
from support.server import Server

TEXT = "# One\n\ntext\n\n## Two\n\nmore\n"


@pytest.fixture
def place(server: Server) -> Place:
    return new_place(server.url, {"notes.md": TEXT}, owner="Ada")


@pytest.fixture
def ada(visit: Visit, place: Place) -> Visitor:
    ada = visit(place.owner)
    ada.open_document(place, "notes.md")
    ada.mode("Source")
    return ada


def outline(visitor: Visitor) -> Locator:
    return visitor.page.get_by_role("navigation", name="Outline")


def entry(visitor: Visitor, name: str) -> Locator:
    return outline(visitor).get_by_role("button", name=name)


def test_to_a_heading_by_keyboard(ada: Visitor) -> None:
    ada.editor.focus()
    ada.page.keyboard.press("Control+Shift+O")
    expect(entry(ada, "One")).to_be_focused()
    ada.page.keyboard.press("Tab")
    expect(entry(ada, "Two")).to_be_focused()
    ada.page.keyboard.press("Enter")
    expect(ada.editor).to_be_focused()
    ada.page.keyboard.type("x")
    ada.reads("# One", "", "text", "", "x## Two", "", "more", "")


@pytest.mark.parametrize("key", ["Escape", "Control+Shift+O"])
def test_back_to_the_text(ada: Visitor, key: str) -> None:
    ada.editor.focus()
    ada.page.keyboard.press("Control+Shift+O")
    expect(entry(ada, "One")).to_be_focused()
    ada.page.keyboard.press(key)
    expect(outline(ada)).to_have_count(0)
    expect(ada.editor).to_be_focused()


def test_from_the_palette(ada: Visitor) -> None:
    ada.page.keyboard.press("Control+k")
    ada.page.get_by_placeholder("Search documents and commands").fill("outline")
    ada.page.keyboard.press("Enter")
    expect(entry(ada, "One")).to_be_focused()
