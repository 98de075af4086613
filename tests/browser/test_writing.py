"""Unusual texts: far too long, in two directions, with a long name."""

import pytest
from playwright.sync_api import expect

from support.page import PHONE, Place, Visit, Visitor, new_place
from support.server import Server

MIXED = """# مرحبا بالعالم

An English paragraph in an Arabic document.

| Project | Owner of it all | State of things | Another column |
| --- | --- | --- | --- |
| Documentation | Administration | Internationalisation | Something |
"""
PASTE = """(text) => {
  const data = new DataTransfer();
  data.setData('text/plain', text.repeat(100_000));
  const event = new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true });
  document.querySelector('.cm-content').dispatchEvent(event);
}"""


@pytest.fixture
def place(server: Server) -> Place:
    return new_place(server.url, {"mixed.md": MIXED, "notes.md": "start\n"}, owner="Ada")


def opened(visit: Visit, place: Place, path: str, **options: object) -> Visitor:
    ada = visit(place.owner, **options)
    ada.open_document(place, path)
    return ada


def test_a_text_that_no_document_can_hold_is_not_let_in(visit: Visit, place: Place) -> None:
    ada = visit(place.owner)
    # What a document may hold is asked for when the first one opens: the next one knows.
    with ada.page.expect_response("**/api/config") as config:
        ada.open_document(place, "mixed.md")
    config.value.finished()
    ada.row("notes").click()
    expect(ada.title).to_have_text("notes")
    ada.ready()
    ada.editor.focus()
    ada.page.evaluate(PASTE, "a hundred thousand times these longer words do not fit at all. ")
    expect(ada.toast("a document holds 5 MB at most")).to_be_visible()
    ada.page.keyboard.press("Control+End")
    ada.page.keyboard.type("still writing")
    ada.saved()
    assert place.text("notes.md") == "start\nstill writing"


def test_each_line_goes_its_own_way(visit: Visit, place: Place) -> None:
    ada = opened(visit, place, "mixed.md")
    line = ada.page.locator(".cm-line")
    expect(line.filter(has_text="مرحبا")).to_have_css("direction", "rtl")
    expect(line.filter(has_text="English")).to_have_css("direction", "ltr")
    expect(ada.page.locator(".cm-md-table-frame")).to_have_css("direction", "ltr")


def test_a_table_on_a_phone_keeps_its_words_whole(visit: Visit, place: Place) -> None:
    ada = opened(visit, place, "mixed.md", **PHONE)
    word = ada.page.get_by_role("cell", name="Internationalisation")
    # The table scrolls by itself: the text is as wide as the screen, and nothing of it is cut off.
    width = ada.page.locator(".cm-content").bounding_box()
    assert width
    assert (width["x"], width["width"]) == (0, PHONE["viewport"]["width"])
    height = "(cell) => cell.getClientRects()[0].height / parseFloat(getComputedStyle(cell).lineHeight)"
    assert word.evaluate(height) < 2


def test_a_long_name_stays_in_its_line(visit: Visit, place: Place) -> None:
    name = "a very long name " * 12
    place.add(f"{name.strip()}.md")
    ada = opened(visit, place, f"{name.strip()}.md")
    header, title = ada.page.locator(".doc-header"), ada.page.locator(".doc-name")
    boxes = header.bounding_box(), title.bounding_box()
    assert boxes[0]
    assert boxes[1]
    assert boxes[1]["height"] < boxes[0]["height"]


def test_a_diagram_takes_the_colours_of_the_page(visit: Visit, place: Place) -> None:
    place.add("diagram.md", "```mermaid\ngraph LR; A-->B\n```\n")
    ada = opened(visit, place, "diagram.md")
    ada.mode("Read")
    picture = ada.page.locator(".md-diagram img")
    light = picture.get_attribute("src")
    assert light
    ada.page.emulate_media(color_scheme="dark")
    expect(picture).not_to_have_attribute("src", light)
