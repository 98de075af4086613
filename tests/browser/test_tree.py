"""The tree, the trash, the palette and the keys."""

from playwright.sync_api import Locator, Route, expect

from support.page import Place, Visit, Visitor, new_place
from support.server import Server

PATHS = ("README.md", "guides/setup.md", "guides/usage.md", "notes/today.md")


def opened(visit: Visit, server: Server, path: str = "README.md") -> tuple[Place, Visitor]:
    """Ada in a workspace with a few documents, one of them open."""
    place = new_place(server.url, {path: f"# {path}\n" for path in PATHS}, owner="Ada")
    ada = visit(place.owner)
    ada.open_document(place, path)
    return place, ada


def menu(visitor: Visitor, row: Locator, item: str) -> None:
    row.hover()
    row.get_by_role("button", name="More for").click()
    visitor.page.get_by_role("menuitem", name=item, exact=False).click()


def undo(visitor: Visitor, text: str) -> None:
    """Press Undo on the message that says `text`."""
    toast = visitor.toast(text)
    toast.get_by_role("button", name="Undo").click()
    expect(toast).to_be_hidden()


def test_create_in_a_folder_that_does_not_exist_yet(visit: Visit, server: Server) -> None:
    place, ada = opened(visit, server)
    ada.button("New document").click()
    dialog = ada.dialog("New document")
    dialog.get_by_label("Name or path").fill("deep/er/thoughts")
    dialog.get_by_role("button", name="Create").click()
    expect(ada.title).to_have_text("thoughts")
    expect(ada.row("thoughts")).to_have_attribute("aria-selected", "true")
    # Whoever makes a document wants to write in it: no click is needed.
    expect(ada.editor).to_be_focused()
    ada.page.keyboard.type("first words")
    ada.saved()
    assert place.paths().count("deep/er/thoughts.md") == 1
    document = str(ada.page.evaluate("location.pathname")).split("/d/")[1]
    assert place.request("GET", f"/api/documents/{document}").json()["content"] == "first words"


def test_who_only_reads_writes_in_a_document_they_make(visit: Visit, server: Server) -> None:
    _, ada = opened(visit, server)
    ada.mode("Read")
    ada.page.keyboard.press("Alt+n")
    ada.dialog("New document").get_by_label("Name or path").fill("new")
    ada.page.keyboard.press("Enter")
    expect(ada.editor).to_be_focused()
    ada.row("README").click()
    expect(ada.page.locator(".doc")).to_have_attribute("data-mode", "read")


def test_a_name_that_is_taken_is_refused_with_the_reason(visit: Visit, server: Server) -> None:
    place, ada = opened(visit, server)
    ada.button("New document").click()
    dialog = ada.dialog("New document")
    dialog.get_by_label("Name or path").fill("guides/setup")
    dialog.get_by_role("button", name="Create").click()
    # What was typed stays, so that only the name has to be changed.
    expect(dialog.get_by_role("alert")).to_contain_text("already a document with this name")
    expect(dialog.get_by_label("Name or path")).to_have_value("guides/setup")
    assert place.paths() == sorted(PATHS)


def test_rename_with_f2_and_change_ones_mind(visit: Visit, server: Server) -> None:
    place, ada = opened(visit, server)
    ada.tree.focus()
    ada.page.keyboard.press("F2")
    name = ada.tree.get_by_label("New name")
    expect(name).to_have_value("README.md")
    name.fill("Start here")
    ada.page.keyboard.press("Escape")
    expect(ada.row("README")).to_be_visible()
    ada.page.keyboard.press("F2")
    name.fill("Start here")
    ada.page.keyboard.press("Enter")
    expect(ada.row("Start here")).to_have_attribute("aria-selected", "true")
    expect(ada.title).to_have_text("Start here")
    place.until_paths("Start here.md", *PATHS[1:])
    # The document is the same one: what is open stays open and shared.
    ada.write("still here")
    ada.saved()


def test_rename_a_folder(visit: Visit, server: Server) -> None:
    place, ada = opened(visit, server)
    menu(ada, ada.row("guides"), "Rename")
    ada.tree.get_by_label("New name").fill("handbook")
    ada.page.keyboard.press("Enter")
    expect(ada.row("handbook")).to_be_visible()
    expect(ada.row("guides")).to_be_hidden()
    place.until_paths("README.md", "handbook/setup.md", "handbook/usage.md", "notes/today.md")


def test_move_by_dragging(visit: Visit, server: Server) -> None:
    place, ada = opened(visit, server)
    ada.row("README").drag_to(ada.row("guides"))
    expect(ada.row("README")).to_have_attribute("aria-level", "2")
    expect(ada.toast("is in guides now")).to_be_visible()  # when the server has it, too
    assert "guides/README.md" in place.paths()
    # A folder into another one.
    ada.row("guides").drag_to(ada.row("notes"))
    expect(ada.row("guides")).to_have_attribute("aria-level", "2")
    expect(ada.toast("is in notes now")).to_be_visible()
    assert "notes/guides/README.md" in place.paths()


def test_move_by_the_dialog_into_a_new_folder(visit: Visit, server: Server) -> None:
    place, ada = opened(visit, server)
    menu(ada, ada.row("README"), "Move")
    dialog = ada.page.get_by_role("dialog")
    expect(dialog.get_by_role("option")).to_have_text(["guides", "notes"])
    ada.page.keyboard.type("archive/old")
    ada.page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    expect(ada.row("README")).to_have_attribute("aria-level", "3")
    expect(ada.toast("is in archive/old now")).to_be_visible()
    assert "archive/old/README.md" in place.paths()
    undo(ada, "“README” is in archive/old now.")
    expect(ada.row("README")).to_have_attribute("aria-level", "1")
    expect(ada.row("archive")).to_be_hidden()
    place.until_paths(*PATHS)


def test_a_document_deleted_comes_back_with_undo(visit: Visit, server: Server) -> None:
    place, ada = opened(visit, server)
    ada.write("do not lose me")
    ada.saved()
    menu(ada, ada.row("README"), "Delete")
    expect(ada.row("README")).to_be_hidden()
    expect(ada.toast("“README” is in the trash.")).to_be_visible()
    undo(ada, "in the trash")
    expect(ada.row("README")).to_be_visible()
    expect(ada.title).to_have_text("README")
    ada.ready()
    ada.shows("do not lose me")
    assert place.paths() == sorted(PATHS)


def test_a_folder_deleted_comes_back_with_undo(visit: Visit, server: Server) -> None:
    place, ada = opened(visit, server)
    menu(ada, ada.row("guides"), "Delete")
    expect(ada.row("guides")).to_be_hidden()
    expect(ada.toast("“guides” with 2 documents is in the trash.")).to_be_visible()
    assert place.paths() == ["README.md", "notes/today.md"]
    undo(ada, "in the trash")
    expect(ada.row("guides")).to_be_visible()
    ada.row("guides").click()
    ada.row("setup").click()
    ada.ready()
    assert place.paths() == sorted(PATHS)


def test_restore_from_the_trash_under_another_name_when_its_own_is_taken(visit: Visit, server: Server) -> None:
    place, ada = opened(visit, server)
    place.request("DELETE", f"/api/documents/{place.documents['notes/today.md']}")
    place.add("notes/today.md", "a new one")
    place.request("DELETE", f"/api/documents/{place.documents['guides/usage.md']}")
    ada.page.get_by_role("link", name="Trash").click()
    ada.button("Restore today").click()
    # The focus goes to the row beside it.
    expect(ada.button("Restore usage")).to_be_focused()
    toast = ada.toast("its name was taken meanwhile")
    toast.get_by_role("button", name="Open").click()
    ada.ready()
    ada.shows("notes/today.md")
    assert len([path for path in place.paths() if path.startswith("notes/")]) == 2


def test_a_workspace_deleted_comes_back_with_undo(visit: Visit, server: Server) -> None:
    _, ada = opened(visit, server)
    ada.button("Handbook").click()
    ada.page.get_by_role("menuitem", name="Delete workspace").click()
    expect(ada.page.get_by_role("heading", name="Hello, Ada")).to_be_visible()
    expect(ada.page).to_have_title("Hello, Ada · mdreader")
    undo(ada, "“Handbook” was deleted.")
    expect(ada.row("README")).to_be_visible()


def test_what_others_do_shows_in_the_tree_and_opens_again(visit: Visit, server: Server) -> None:
    place, ada = opened(visit, server)
    ben = visit(place.member(name="Ben"))
    ben.open_document(place, "README.md")
    menu(ada, ada.row("README"), "Delete")
    expect(ben.page.get_by_role("heading", name="This document was deleted")).to_be_visible()
    expect(ben.row("README")).to_be_hidden()
    undo(ada, "in the trash")
    ada.ready()
    ada.tree.focus()
    ada.page.keyboard.press("F2")
    ada.tree.get_by_label("New name").fill("Welcome")
    ada.page.keyboard.press("Enter")
    # Ben does nothing; his page asks by itself.
    expect(ben.row("Welcome")).to_be_visible()
    ben.ready()
    ben.shows("README.md")


def test_the_open_document_is_renamed_and_deleted_from_its_own_menu(visit: Visit, server: Server) -> None:
    _, ada = opened(visit, server)
    ada.button("More actions").click()
    ada.page.get_by_role("menuitem", name="Rename document").click()
    ada.dialog("Rename document").get_by_label("Name or path").fill("Welcome")
    ada.page.keyboard.press("Enter")
    expect(ada.title).to_have_text("Welcome")
    ada.button("More actions").click()
    ada.page.get_by_role("menuitem", name="Delete document").click()
    expect(ada.row("Welcome")).to_be_hidden()
    undo(ada, "in the trash")
    ada.ready()


def test_a_wrong_address_is_said_once_and_not_asked_for_again_and_again(visit: Visit, server: Server) -> None:
    place, ada = opened(visit, server)
    nowhere = f"/d/{place.workspace_id}"
    asked: list[str] = []
    ada.page.on("request", lambda request: asked.append(request.url) if f"{nowhere[2:]}" in request.url else None)
    ada.open(place.path + nowhere)
    expect(ada.page.get_by_role("heading", name="There is no document at this address")).to_be_visible()
    # A page that asks in a loop asks dozens of times while this happens.
    ada.page.keyboard.press("Control+k")
    expect(ada.page.get_by_role("dialog")).to_be_visible()
    ada.page.keyboard.press("Escape")
    expect(ada.page.get_by_role("dialog")).to_be_hidden()
    assert len([url for url in asked if url.endswith(f"/api/documents/{place.workspace_id}")]) <= 2


def test_everything_by_keyboard(visit: Visit, server: Server) -> None:
    place, ada = opened(visit, server)
    keys = ada.page.keyboard
    expect(ada.editor).to_be_visible()

    keys.press("Alt+n")
    expect(ada.dialog("New document")).to_be_visible()
    keys.type("by hand")
    keys.press("Enter")
    expect(ada.title).to_have_text("by hand")
    ada.ready()
    # What is new is written in at once: the focus goes there, and must not come from where it went next.
    expect(ada.editor).to_be_focused()

    keys.press("Alt+t")
    expect(ada.tree).to_be_focused()
    keys.press("Home")
    keys.press("ArrowRight")  # opens guides
    expect(ada.row("guides")).to_have_attribute("aria-expanded", "true")
    keys.press("ArrowDown")
    keys.press("Enter")
    expect(ada.title).to_have_text("setup")
    ada.ready()

    keys.press("Alt+t")
    expect(ada.tree).to_be_focused()
    keys.type("not")  # letters jump to a name
    keys.press("ArrowRight")
    expect(ada.row("notes")).to_have_attribute("aria-expanded", "true")
    keys.press("ArrowDown")
    keys.press("Delete")
    expect(ada.toast("“today” is in the trash.")).to_be_visible()
    expect(ada.tree).to_be_focused()

    keys.press("F2")
    expect(ada.tree.get_by_label("New name")).to_be_focused()
    keys.press("Escape")
    expect(ada.tree).to_be_focused()

    keys.press("Shift+F10")
    expect(ada.page.get_by_role("menu")).to_be_visible()
    keys.press("Escape")
    expect(ada.tree).to_be_focused()

    # Into the editor and out again: Tab indents there, so Esc comes first.
    ada.editor.focus()
    keys.press("Escape")
    keys.press("Tab")
    expect(ada.editor).not_to_be_focused()
    assert "by hand.md" in place.paths()


def test_the_palette_opens_a_document_and_runs_a_command(visit: Visit, server: Server) -> None:
    _place, ada = opened(visit, server)
    keys = ada.page.keyboard
    palette = ada.dialog("Go to a document or run a command")
    ada.editor.focus()
    keys.press("Control+k")
    # Before anything is typed: documents first, the open one not among them.
    expect(palette.get_by_role("option").nth(2)).to_be_visible()
    assert {option.split()[0] for option in palette.get_by_role("option").all_inner_texts()[:3]} == {
        "setup",
        "usage",
        "today",
    }
    keys.type("usage")
    expect(palette.get_by_role("option").first).to_contain_text("usage")
    keys.press("Enter")
    expect(palette).to_be_hidden()
    expect(ada.title).to_have_text("usage")

    keys.press("Control+k")
    keys.type("dark appear")
    expect(palette.get_by_role("option").first).to_contain_text("Dark appearance")
    keys.press("Enter")
    expect(ada.page.locator("html")).to_have_attribute("data-theme", "dark")

    keys.press("Control+k")
    keys.type("no such thing anywhere")
    expect(palette.get_by_role("option")).to_contain_text("Create")
    keys.press("Escape")
    expect(palette).to_be_hidden()

    # The one before is the first that is offered.
    keys.press("Control+k")
    expect(palette.get_by_role("option").first).to_contain_text("README")
    keys.press("Enter")
    expect(ada.title).to_have_text("README")


def test_what_is_typed_while_the_palette_comes_is_its_own(visit: Visit, server: Server) -> None:
    place = new_place(server.url, {path: f"# {path}\n" for path in PATHS}, owner="Ada")
    ada = visit(place.owner)
    held: list[Route] = []
    ada.page.route("**/Palette-*.js", lambda route: held.append(route))  # noqa: PLW0108 - Playwright marks what it is given
    ada.open_document(place, "README.md")
    ada.editor.focus()
    ada.page.keyboard.press("Control+k")
    ada.page.keyboard.type("usage")
    ada.until(lambda: bool(held), "request for the palette's code")
    for route in held:
        route.continue_()
    palette = ada.dialog("Go to a document or run a command")
    expect(palette.get_by_role("option").first).to_contain_text("usage")
    expect(palette.get_by_label("Search documents and commands")).to_have_value("usage")
    ada.page.keyboard.press("Escape")
    expect(palette).to_be_hidden()
    assert place.text("README.md") == "# README.md\n"
    ada.mode("Source")
    ada.reads("# README.md", "")


def test_the_question_mark_lists_the_shortcuts(visit: Visit, server: Server) -> None:
    _place, ada = opened(visit, server)
    keys = ada.page.keyboard
    dialog = ada.dialog("Keyboard shortcuts")
    ada.tree.focus()
    keys.press("?")
    expect(dialog).to_be_visible()
    for label in ("New document", "Bold", "Rename", "Side"):
        expect(dialog.get_by_text(label).first).to_be_visible()
    keys.press("Escape")
    expect(dialog).to_be_hidden()
    expect(ada.tree).to_be_focused()
    # Right after a menu that was open.
    ada.button("Handbook").click()
    expect(ada.page.get_by_role("menu")).to_be_visible()
    keys.press("Escape")
    keys.press("?")
    expect(dialog).to_be_visible()
    keys.press("Escape")
    expect(dialog).to_be_hidden()
    # In the text it is a character.
    ada.write("really?")
    ada.shows("really?")
    expect(dialog).to_be_hidden()
