"""axe-core finds nothing on any screen, dialog or menu, in light and in dark."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from support.axe import check
from support.http import signed_up_at
from support.page import PHONE, Place, Visit, Visitor, new_place, visiting
from support.server import Server

EVERYTHING = """---
title: Everything
tags: [a, b]
---

# Everything

Some **bold**, _italic_, ~~struck~~ and `code`, a [link](other.md), an [outside one](https://example.org) and a
footnote[^1]. <kbd>Ctrl</kbd> $e = mc^2$

## A list

- [ ] open
- [x] done
  1. nested

> A quotation

> [!WARNING]
> An alert.

> [!caution] With a title
> Another.

```python
def hello(name: str) -> str:  # a comment
    return f"Hello {name}" + 'x' * 42
```

| Name | Count |
| :--- | ----: |
| a    |     1 |

![A picture that is not there](missing.png)

<details><summary>More</summary>

Hidden text.

</details>

---

[^1]: The note.
"""


@pytest.fixture(scope="module")
def place(server: Server) -> Place:
    """A workspace with everything that a screen can show."""
    made = new_place(
        server.url, {"Everything.md": EVERYTHING, "guides/other.md": "# Other\n\ntext\n"}, owner="Ada Lovelace"
    )
    for path in ("gone.md", "guides/gone.md"):
        made.request("DELETE", f"/api/documents/{made.add(path)}")
    made.member("viewer", name="Vera Viewer")
    made.request("POST", "/api/keys", json={"name": "backup", "scope": "read"})
    return made


@pytest.fixture
def ada(place: Place, visit: Visit) -> Visitor:
    return visit(place.owner, reduced_motion="reduce")


def test_login_and_sign_up(visit: Visit, server: Server, place: Place) -> None:
    visitor = visit(reduced_motion="reduce")
    found = []
    visitor.open("/login")
    expect(visitor.page.get_by_role("heading", name="Log in")).to_be_visible()
    found += check(visitor, "login")
    visitor.page.get_by_label("Email").fill(place.owner.email)
    visitor.page.get_by_label("Password", exact=True).fill("wrong")
    visitor.button("Log in").click()
    expect(visitor.page.get_by_text("Email or password is not right")).to_be_visible()
    found += check(visitor, "login refused")
    visitor.open("/signup?next=/w/somewhere")
    visitor.page.get_by_label("Your name").fill("Half")
    visitor.page.get_by_label("Email").fill("half@example.com")
    visitor.page.get_by_label("Password", exact=True).fill("Half")
    visitor.button("Create account").click()
    expect(visitor.page.get_by_text("This password still needs")).to_be_visible()
    found += check(visitor, "sign-up")
    assert found == []


def test_the_first_visit_where_nobody_else_may_sign_up(browser: Browser, tmp_path: Path) -> None:
    server = Server(tmp_path / "empty", MDREADER_SIGNUP="closed").start()
    try:
        with visiting(browser, server.url, reduced_motion="reduce") as visitor:
            visitor.open()
            expect(visitor.page.get_by_role("heading", name="Welcome")).to_be_visible()
            found = check(visitor, "first account")
        place = new_place(server.url)
        with visiting(browser, server.url, place.owner, reduced_motion="reduce") as owner:
            owner.open(place.path)
            owner.button("Handbook").click()
            owner.page.get_by_role("menuitem", name="Members").click()
            # Nobody is sent to a screen that turns them away.
            expect(owner.page.get_by_text("Sign-up is closed here")).to_be_visible()
            expect(owner.button("Copy address")).to_be_hidden()
        with visiting(browser, server.url, reduced_motion="reduce") as stranger:
            stranger.open("/signup")
            expect(stranger.page.get_by_role("heading", name="Sign-up is closed")).to_be_visible()
            found += check(stranger, "sign-up closed")
        assert found == []
    finally:
        server.stop()


def test_first_workspace_and_empty_ones(visit: Visit, server: Server) -> None:
    visitor = visit(signed_up_at(server.url, name="New Here"), reduced_motion="reduce")
    visitor.open()
    expect(visitor.button("Create workspace")).to_be_visible()
    found = check(visitor, "first workspace")
    visitor.button("Create workspace").click()
    expect(visitor.page.get_by_text("Drop a folder of Markdown here")).to_be_visible()
    found += check(visitor, "empty workspace")
    visitor.page.get_by_role("link", name="Trash").click()
    expect(visitor.page.get_by_role("heading", name="The trash is empty")).to_be_visible()
    found += check(visitor, "empty trash")
    assert found == []


def test_a_document_in_every_mode(ada: Visitor, place: Place, visit: Visit) -> None:
    ben = visit(place.member(name="Ben Okri"))
    ben.open_document(place, "Everything.md")
    ada.open_document(place, "Everything.md")
    ben.write("here is Ben ", at="Control+Home")
    expect(ada.button("Follow Ben Okri")).to_be_visible()
    found = []
    for mode in ("Edit", "Source", "Split", "Read"):
        ada.mode(mode)
        if mode in {"Split", "Read"}:
            expect(ada.page.locator(".md-prose .katex")).to_be_visible()
        found += check(ada, mode)
    ada.page.keyboard.press("Control+Shift+O")
    expect(ada.page.get_by_role("heading", name="Outline")).to_be_visible()
    found += check(ada, "outline")
    ada.mode("Source")
    ada.editor.focus()
    ada.page.keyboard.press("Control+f")
    expect(ada.page.locator(".cm-search")).to_be_visible()
    found += check(ada, "find")
    assert found == []


def test_menus_and_dialogs(ada: Visitor, place: Place) -> None:
    page = ada.page
    ada.open_document(place, "Everything.md")
    found = []

    def menu(button: str, first: str) -> None:
        ada.button(button).click()
        expect(page.get_by_role("menu")).to_contain_text(first)
        found.extend(check(ada, f"menu {button}"))
        page.keyboard.press("Escape")

    def dialog(name: str, screen: str) -> None:
        expect(ada.dialog(name)).to_be_visible()
        expect(ada.dialog(name).locator(".skeleton-line")).to_have_count(0)
        found.extend(check(ada, screen))
        page.keyboard.press("Escape")
        expect(ada.dialog(name)).to_be_hidden()

    menu("Handbook", "New workspace")
    menu("Import and export", "Import a folder")
    menu("Ada Lovelace", "Settings")
    menu("More actions", "Outline")
    ada.row("guides").click(button="right")
    expect(page.get_by_role("menu")).to_be_visible()
    found += check(ada, "menu of a folder")
    page.keyboard.press("Escape")

    page.keyboard.press("Control+k")
    dialog("Go to a document", "palette")
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox")).to_be_focused()
    page.keyboard.type("nothing like it exists")
    dialog("Go to a document", "palette without results")
    ada.tree.focus()
    page.keyboard.press("?")
    dialog("Keyboard shortcuts", "shortcuts")
    ada.button("New document").click()
    dialog("New document", "new document")
    ada.button("Handbook").click()
    page.get_by_role("menuitem", name="Members").click()
    dialog("Members of Handbook", "members")
    ada.row("Everything").click(button="right")
    page.get_by_role("menuitem", name="Move").click()
    dialog("Move", "move")
    ada.row("Everything").click(button="right")
    page.get_by_role("menuitem", name="Rename").click()
    expect(ada.tree.get_by_label("New name")).to_be_focused()
    found += check(ada, "rename")
    page.keyboard.press("Escape")
    assert found == []


def test_home_trash_settings_and_messages(ada: Visitor, place: Place) -> None:
    page = ada.page
    ada.open(place.path)
    expect(page.get_by_role("heading", name="Recently changed")).to_be_visible()
    found = check(ada, "home")
    ada.open(f"{place.path}/trash")
    expect(ada.button("Restore gone").first).to_be_visible()
    found += check(ada, "trash")
    ada.button("Restore gone").first.click()
    expect(ada.toasts).to_be_visible()
    found += check(ada, "message")
    ada.open("/settings")
    expect(page.get_by_text("backup")).to_be_visible()
    found += check(ada, "settings")
    page.get_by_label("What is it for?").fill("axe")
    ada.button("Create key").click()
    expect(page.get_by_text("Copy this key now")).to_be_visible()
    found += check(ada, "a new key")
    ada.open("/w/nowhere")
    expect(page.get_by_role("heading", name="You are not in this workspace")).to_be_visible()
    found += check(ada, "no workspace")
    ada.open(f"{place.path}/d/nothing")
    expect(page.get_by_role("heading", name="There is no document at this address")).to_be_visible()
    found += check(ada, "no document")
    assert found == []


def test_importing(ada: Visitor, place: Place, tmp_path: Path) -> None:
    folder = tmp_path / "notes"
    folder.mkdir()
    for number in range(300):
        (folder / f"{number}.md").write_text(f"# {number}")
    (folder / "logo.png").write_bytes(b"\x89PNG")
    ada.open(place.path)
    # The second call never ends, so that the dialog stays as it is meanwhile.
    calls = iter(range(100))
    ada.page.route("**/import", lambda route: route.continue_() if next(calls) == 0 else None)
    ada.button("Import and export").click()
    with ada.page.expect_file_chooser() as chooser:
        ada.page.get_by_role("menuitem", name="Import a folder").click()
    chooser.value.set_files(folder)
    dialog = ada.dialog("Import")
    expect(dialog.get_by_role("progressbar")).to_have_attribute("value", "200")
    found = check(ada, "import under way")
    dialog.get_by_role("button", name="Stop").click()
    expect(dialog.get_by_role("listitem").filter(has_text="left out")).to_be_visible()
    found += check(ada, "import stopped")
    assert found == []


def test_offline_and_what_could_not_be_merged(ada: Visitor, place: Place, visit: Visit) -> None:
    person = place.member(name="Late Writer")
    late = visit(person, reduced_motion="reduce")
    late.open_document(place, "Everything.md")
    late.context.set_offline(True)
    expect(late.state).to_have_attribute("data-kind", "offline")
    late.write("too late")
    expect(late.state).to_contain_text("kept here")
    found = check(late, "offline")
    path = f"/api/workspaces/{place.workspace_id}/members/{person.id}"
    place.request("PATCH", path, json={"role": "viewer"})
    late.context.set_offline(False)
    expect(late.page.get_by_role("region", name="could not be merged")).to_be_visible()
    found += check(late, "draft")
    assert found == []


def test_on_a_phone(visit: Visit, place: Place) -> None:
    ada = visit(place.owner, reduced_motion="reduce", **PHONE)
    ada.open_document(place, "Everything.md")
    found = check(ada, "document on a phone")
    ada.button("Show sidebar").tap()
    expect(ada.tree).to_be_visible()
    found += check(ada, "tree on a phone")
    assert found == []
