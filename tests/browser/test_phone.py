"""A phone: 390 by 844, a finger, no mouse, no keyboard of its own."""

import pytest
from playwright.sync_api import Locator, expect

from support.http import signed_up_at
from support.page import PHONE, Place, Visit, Visitor, new_place
from support.server import Server

FINGER = 44
PATHS = {
    "README.md": "# Read me\n\n- [ ] a task\n\n" + "A paragraph of text.\n\n" * 80,
    "guides/setup.md": "# Set up\n",
}


@pytest.fixture
def place(server: Server) -> Place:
    return new_place(server.url, PATHS, owner="Ada")


@pytest.fixture
def ada(place: Place, visit: Visit) -> Visitor:
    return visit(place.owner, **PHONE)


def fits(visitor: Visitor) -> None:
    """Nothing sticks out at the side."""
    assert visitor.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def for_fingers(*targets: Locator) -> None:
    """Each is large enough to hit."""
    small = []
    for target in targets:
        expect(target.first).to_be_visible()
        for one in target.all():
            box = one.bounding_box()
            if box and (box["width"] < FINGER or box["height"] < FINGER):
                small.append((one.get_attribute("aria-label") or one.inner_text(), box["width"], box["height"]))
    assert small == []


def tap_into(visitor: Visitor) -> None:
    """Put the finger into the text. The page hears of a tap after its touches: what follows may come before it."""
    visitor.editor.tap()
    expect(visitor.editor).to_be_focused()


def test_find_a_document_in_the_sheet_and_write(ada: Visitor, place: Place) -> None:
    ada.open(place.path)
    expect(ada.page.get_by_role("heading", name="Recently changed")).to_be_visible()
    fits(ada)
    ada.button("Show sidebar").tap()
    expect(ada.tree).to_be_visible()
    fits(ada)
    ada.row("guides").tap()
    ada.row("setup").tap()
    expect(ada.tree).to_be_hidden()
    ada.ready()
    fits(ada)
    tap_into(ada)
    ada.page.keyboard.press("Control+End")
    ada.page.keyboard.type("by hand")
    ada.saved()
    assert place.text("guides/setup.md") == "# Set up\nby hand"


def test_the_sheet_closes_by_a_tap_beside_it_and_by_escape(ada: Visitor, place: Place) -> None:
    ada.open_document(place, "README.md")
    ada.button("Show sidebar").tap()
    expect(ada.tree).to_be_visible()
    ada.page.touchscreen.tap(380, 500)
    expect(ada.tree).to_be_hidden()
    ada.button("Show sidebar").tap()
    expect(ada.tree).to_be_visible()
    ada.page.keyboard.press("Escape")
    expect(ada.tree).to_be_hidden()
    expect(ada.button("Show sidebar")).to_be_focused()


def test_switch_the_mode_and_tick_a_task(ada: Visitor, place: Place) -> None:
    ada.open_document(place, "README.md")
    ada.button("View: Edit").tap()
    expect(ada.page.get_by_role("menuitemradio")).to_have_text(["Edit", "Source", "Read"])
    ada.page.get_by_role("menuitemradio", name="Read").tap()
    ada.page.locator(".doc-preview").get_by_role("checkbox").tap()
    fits(ada)
    ada.button("View: Read").tap()
    ada.page.get_by_role("menuitemradio", name="Source").tap()
    ada.shows("- [x] a task")
    ada.saved()
    assert "- [x] a task" in place.text("README.md")


def test_the_toolbar_formats_and_keeps_the_keyboard_up(ada: Visitor, place: Place) -> None:
    ada.open_document(place, "guides/setup.md")
    tap_into(ada)
    toolbar = ada.page.get_by_role("toolbar", name="Formatting")
    expect(toolbar).to_be_visible()
    ada.page.keyboard.press("Control+End")
    toolbar.get_by_role("button", name="Bold").tap()
    place.until_text("guides/setup.md", "# Set up\n****")
    # The editor keeps the focus: otherwise the phone's keyboard would go away.
    expect(ada.editor).to_be_focused()
    ada.page.keyboard.type("bold")
    toolbar.get_by_role("button", name="Task").tap()
    place.until_text("guides/setup.md", "# Set up\n- [ ] **bold**")
    ada.saved()
    toolbar.get_by_role("button", name="Undo").tap()
    expect(ada.editor).to_be_focused()
    fits(ada)


def test_what_one_taps_is_large_enough(ada: Visitor, place: Place, visit: Visit) -> None:
    page = ada.page
    stranger = visit(**PHONE)
    stranger.open("/signup")
    expect(stranger.button("Create account")).to_be_visible()
    for_fingers(stranger.button("Create account"), stranger.page.locator("input"))
    fits(stranger)

    ada.open_document(place, "README.md")
    tap_into(ada)
    expect(page.get_by_role("toolbar", name="Formatting")).to_be_visible()
    for_fingers(page.locator(".doc-header button"), page.locator("[role=toolbar] button"), ada.button("Show sidebar"))
    ada.button("More actions").tap()
    for_fingers(page.get_by_role("menuitem"))
    page.keyboard.press("Escape")
    ada.button("Show sidebar").tap()
    expect(ada.tree).to_be_visible()
    for_fingers(page.locator(".sidebar button:visible, .sidebar a, [role=treeitem]"))
    ada.button("Handbook").tap()
    for_fingers(page.get_by_role("menuitem"))
    page.get_by_role("menuitem", name="Members").tap()
    expect(ada.dialog("Members of Handbook").get_by_text(place.owner.email)).to_be_visible()
    members = ada.dialog("Members of Handbook")
    for_fingers(members.locator("button, input, select"))
    fits(ada)
    # A message does not lie over the buttons of a dialog.
    members.get_by_label("Email of somebody").fill(signed_up_at(place.url).email)
    members.get_by_role("button", name="Add", exact=True).tap()
    expect(ada.toasts).to_be_visible()
    # Both move to their places.
    page.wait_for_function(
        """() => {
          const [toast, sheet] = ['.toast', '[role=dialog]'].map((one) => document.querySelector(one).getBoundingClientRect());
          return toast.bottom < sheet.top;
        }"""
    )
    page.keyboard.press("Escape")
    ada.page.keyboard.press("Escape")
    ada.button("More actions").tap()
    page.get_by_role("menuitem", name="Find").tap()
    for_fingers(page.locator(".cm-search").locator("input:not([type=checkbox]), button"))
    fits(ada)


def test_two_phones_write_in_one_document(ada: Visitor, place: Place, visit: Visit) -> None:
    ben = visit(place.member(name="Ben"), **PHONE)
    for visitor in (ada, ben):
        visitor.open_document(place, "guides/setup.md")
        tap_into(visitor)
    ada.write("from ada ")
    ben.shows("from ada ")
    ben.write("from ben")
    ada.shows("from ada from ben")
    expect(ada.button("Follow Ben")).to_be_visible()
    for_fingers(ada.button("Follow Ben"))
    fits(ada)
