"""Links from one document to another: where they lead, and what those look like that lead nowhere."""

import re

import pytest
from playwright.sync_api import expect

from support.axe import check
from support.page import Place, Visit, new_place
from support.server import Server

TEXT = "# Links\n\nTo [the setup](guides/setup.md), [what is missing](guides/later.md), https://example.org\n"
DEAD = re.compile("link-dead")


@pytest.fixture
def place(server: Server) -> Place:
    return new_place(server.url, {"links.md": TEXT, "guides/setup.md": "# Set up\n"}, owner="Ada Lovelace")


def test_a_link_to_no_document_is_marked_and_makes_one(visit: Visit, place: Place) -> None:
    ada = visit(place.owner, reduced_motion="reduce")
    ada.open_document(place, "links.md")
    editor = ada.page.locator(".cm-content")
    expect(editor.locator(".cm-md-link-dead").first).to_have_text("what is missing")
    expect(editor.locator(".cm-md-link-dead")).to_have_count(1)
    found = check(ada, "editor")
    ada.mode("Read")
    link = ada.page.get_by_role("link", name="what is missing")
    expect(link).to_have_class(DEAD)
    expect(link).to_have_attribute("title", "There is no document at this address")
    for alive in ("the setup", "https://example.org"):
        expect(ada.page.get_by_role("link", name=alive)).not_to_have_class(DEAD)
    found += check(ada, "reading view")
    assert found == []

    link.click()
    expect(ada.toast("There is no document at guides/later.md")).to_be_visible()
    ada.toast("guides/later.md").get_by_role("button", name="Create it").click()
    expect(ada.page).not_to_have_url(re.compile(place.documents["links.md"]))
    ada.ready()
    assert "guides/later.md" in place.paths()
    ada.page.go_back()
    ada.mode("Read")
    expect(link).not_to_have_class(DEAD)
    assert link.get_attribute("title") is None
    link.click()
    expect(ada.page).not_to_have_url(re.compile(place.documents["links.md"]))


def test_a_link_comes_to_life_and_dies_with_its_document(visit: Visit, place: Place) -> None:
    vera = visit(place.member("viewer", name="Vera"))
    vera.open_document(place, "links.md")
    setup, missing = (vera.page.get_by_role("link", name=name) for name in ("the setup", "what is missing"))
    expect(setup).not_to_have_class(DEAD)
    expect(missing).to_have_class(DEAD)
    missing.click()
    expect(vera.toast("There is no document at guides/later.md")).to_be_visible()
    expect(vera.toasts.get_by_role("button", name="Create it")).to_have_count(0)
    place.request("DELETE", f"/api/documents/{place.documents['guides/setup.md']}")
    expect(setup).to_have_class(DEAD)
    place.add("guides/later.md")
    expect(missing).not_to_have_class(DEAD)
