"""The keys belong to the text unless somebody is elsewhere: those that scroll a page scroll it, and none writes by mistake."""

import re

import pytest
from playwright.sync_api import expect

from support.page import PHONE, Place, Visit, Visitor, new_place
from support.server import Server

LINES = "\n\n".join(f"paragraph {number}" for number in range(1, 301))
READING = "document.querySelector('.doc-preview').scrollTop"
EDITING = "document.querySelector('.cm-scroller').scrollTop"


@pytest.fixture
def place(server: Server) -> Place:
    return new_place(server.url, {"long.md": LINES, "other.md": LINES})


def scrolls(visitor: Visitor, scroller: str) -> None:
    """Press the key for a page down, and wait until the text has gone down by more than its half."""
    before = visitor.page.evaluate(scroller)
    visitor.page.keyboard.press("PageDown")
    visitor.until(lambda: visitor.page.evaluate(scroller) > before + 300, "text further down")


def test_keys_scroll_what_was_opened(visit: Visit, place: Place) -> None:
    ada = visit(place.owner)
    ada.open_document(place, "long.md")
    expect(ada.page.locator(".cm-scroller")).to_be_focused()
    scrolls(ada, EDITING)
    # Nothing is written by a key that was meant for the page.
    ada.page.keyboard.type("?")
    expect(ada.dialog("Keyboard shortcuts")).to_be_visible()
    ada.page.keyboard.press("Escape")
    expect(ada.page.locator(".cm-scroller")).to_be_focused()

    ada.page.keyboard.press("Control+Shift+E")
    expect(ada.page.locator(".doc-preview")).to_be_focused()
    scrolls(ada, READING)

    ada.page.keyboard.press("Control+k")
    ada.page.keyboard.type("other")
    expect(ada.page.get_by_role("option").first).to_contain_text("other")
    ada.page.keyboard.press("Enter")
    expect(ada.title).to_have_text("other")
    expect(ada.page.locator(".doc-preview")).to_be_focused()
    scrolls(ada, READING)
    assert place.text("long.md") == place.text("other.md") == LINES


def test_who_reads_in_between_goes_on_writing_where_they_were(visit: Visit, place: Place) -> None:
    ada = visit(place.owner)
    ada.open_document(place, "long.md")
    ada.write(" one", at="Control+Home")
    ada.page.keyboard.press("Control+Shift+E")
    expect(ada.page.locator(".doc-preview")).to_be_focused()
    ada.page.keyboard.press("Control+Shift+E")
    expect(ada.editor).to_be_focused()
    # The buttons do not take the cursor away from who clicks them.
    ada.mode("Split")
    expect(ada.editor).to_be_focused()
    ada.mode("Read")
    expect(ada.page.locator(".doc-preview")).to_be_focused()
    # Somebody who goes through the buttons by keyboard stays there.
    button = ada.page.get_by_role("group", name="View").get_by_role("button", name="Edit", exact=True)
    button.focus()
    ada.page.keyboard.press("Enter")
    expect(ada.page.locator(".doc")).to_have_attribute("data-mode", "edit")
    expect(button).to_be_focused()


def test_no_ring_where_nobody_went(visit: Visit, place: Place) -> None:
    ada = visit(place.owner)
    ada.open_document(place, "long.md")
    ada.page.keyboard.press("Control+Shift+E")
    reading = ada.page.locator(".doc-preview")
    expect(reading).to_be_focused()
    expect(reading).to_have_css("outline-style", "none")
    ada.page.keyboard.press("Shift+Tab")
    expect(reading).not_to_be_focused()
    ada.page.keyboard.press("Tab")
    expect(reading).to_be_focused()
    expect(reading).to_have_css("outline-style", "solid")


def test_a_phone_keeps_its_keyboard_away(visit: Visit, place: Place) -> None:
    ada = visit(place.owner, **PHONE)
    ada.open_document(place, "long.md")
    expect(ada.page.locator(".cm-scroller")).to_be_focused()
    ada.page.get_by_role("button", name=re.compile("^View:")).tap()
    ada.page.get_by_role("menuitemradio", name="Read").tap()
    expect(ada.page.locator(".doc")).to_have_attribute("data-mode", "read")
    ada.page.get_by_role("button", name=re.compile("^View:")).tap()
    ada.page.get_by_role("menuitemradio", name="Edit").tap()
    expect(ada.page.locator(".doc")).to_have_attribute("data-mode", "edit")
    expect(ada.editor).not_to_be_focused()
