"""What is seen of people and words: nobody looks like another, and a phone cuts nothing off."""

import pytest
from playwright.sync_api import Locator, expect

from support.page import PHONE, Place, Visit, Visitor, new_place
from support.server import Server

COLOR = "(element) => getComputedStyle(element).backgroundColor"
WHOLE = "(element) => element.scrollWidth <= element.clientWidth && element.scrollHeight <= element.clientHeight"
LINES = "(element) => element.getBoundingClientRect().height / parseFloat(getComputedStyle(element).lineHeight)"


@pytest.fixture
def place(server: Server) -> Place:
    return new_place(server.url, {"notes.md": "start\n"}, owner="Ada")


def test_eight_people_have_eight_colours(visit: Visit, place: Place) -> None:
    for _ in range(7):
        place.member()
    ada = visit(place.owner)
    ada.open(place.path)
    avatars = members(ada).locator(".avatar")
    expect(avatars).to_have_count(8)
    assert len({avatar.evaluate(COLOR) for avatar in avatars.all()}) == 8


def test_a_phone_breaks_no_address(visit: Visit, place: Place) -> None:
    place.member()
    ada = visit(place.owner, **PHONE)
    ada.open(place.path)
    ada.button("Show sidebar").tap()
    addresses = members(ada).locator(".member-email")
    expect(addresses).to_have_count(2)
    assert [round(address.evaluate(LINES)) for address in addresses.all()] == [1, 1]


def test_a_phone_says_all_of_what_is_kept(visit: Visit, place: Place) -> None:
    ada = visit(place.owner, **PHONE)
    ada.open_document(place, "notes.md")
    ada.context.set_offline(True)
    ada.write("offline")
    words = ada.state.locator(".doc-state-text")
    expect(words).to_contain_text("changes kept here")
    assert words.evaluate(WHOLE)


def test_a_phone_has_a_button_where_others_have_escape(visit: Visit, place: Place) -> None:
    ada = visit(place.owner, **PHONE)
    ada.open_document(place, "notes.md")
    ada.page.keyboard.press("Control+k")
    palette = ada.page.get_by_role("dialog")
    expect(palette).to_be_visible()
    expect(palette.get_by_text("Esc", exact=True)).to_be_hidden()
    palette.get_by_role("button", name="Close").tap()
    expect(palette).to_be_hidden()


def members(visitor: Visitor) -> Locator:
    visitor.button("Handbook").click()
    visitor.page.get_by_role("menuitem", name="Members").click()
    return visitor.page.get_by_role("dialog")
