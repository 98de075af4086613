"""What the page says of what happens out of sight, or under somebody's hands."""

import zipfile
from pathlib import Path

from playwright.sync_api import Route, expect

from support.page import Visit, new_place
from support.server import Server


def test_a_hidden_import_says_that_it_goes_on_and_when_it_is_finished(
    visit: Visit, server: Server, tmp_path: Path
) -> None:
    place = new_place(server.url)
    ada = visit(place.owner)
    ada.open(place.path)
    note = tmp_path / "note.md"
    note.write_text("# Note\n")
    held: list[Route] = []
    ada.page.route("**/import", lambda route: held.append(route))  # noqa: PLW0108 - Playwright marks what it is given

    def bring() -> None:
        ada.button("Import and export").click()
        with ada.page.expect_file_chooser() as chooser:
            ada.page.get_by_role("menuitem", name="Import files or a ZIP").click()
        chooser.value.set_files(note)

    bring()
    dialog = ada.dialog("Import")
    dialog.get_by_role("button", name="Hide").click()
    expect(dialog).to_be_hidden()
    expect(ada.toast("The import goes on.")).to_be_visible()
    ada.until(lambda: len(held) == 1, "call of the import")

    # What is brought meanwhile is not taken, and not silently.
    bring()
    expect(ada.toast("Another import is running.")).to_be_visible()
    dialog.get_by_role("button", name="Hide").click()
    expect(dialog).to_be_hidden()

    held[0].continue_()
    ended = ada.toast("The import is finished.")
    expect(ended).to_be_visible()
    ended.get_by_role("button", name="Show").click()
    expect(dialog).to_contain_text("1 new document")
    assert len(held) == 1
    place.until_paths("note.md")


def test_who_may_no_longer_write_is_told_so_where_they_are(visit: Visit, server: Server) -> None:
    place = new_place(server.url, {"note.md": "hello"})
    ben_person = place.member(name="Ben")
    ben = visit(ben_person)
    ben.open_document(place, "note.md")
    member = f"/api/workspaces/{place.workspace_id}/members/{ben_person.id}"
    for role, said in (("viewer", "you can read now, but not write"), ("editor", "you can write now")):
        place.request("PATCH", member, json={"role": role})
        expect(ben.toast(said)).to_be_visible()
        ben.ready()


def test_a_role_that_changes_while_no_socket_is_open_is_heard_of(visit: Visit, server: Server) -> None:
    place = new_place(server.url, {"note.md": "hello"})
    ben_person = place.member(role="viewer", name="Ben")
    ben = visit(ben_person)
    held: list[Route] = []
    ben.page.route("**/ticket", lambda route: held.append(route))  # noqa: PLW0108 - Playwright marks what it is given
    ben.open(place.document_path("note.md"))
    expect(ben.page.get_by_role("region", name="Read")).to_contain_text("hello")
    ben.until(lambda: len(held) == 1, "question for a ticket")
    place.request("PATCH", f"/api/workspaces/{place.workspace_id}/members/{ben_person.id}", json={"role": "editor"})
    held[0].continue_()
    expect(ben.editor).to_be_visible()
    ben.write(" there")
    ben.saved()
    place.until_text("note.md", "hello there")


def test_a_document_that_could_not_be_deleted_stays_open(visit: Visit, server: Server) -> None:
    place = new_place(server.url, {"note.md": "hello"})
    ada = visit(place.owner)
    ada.open_document(place, "note.md")
    ada.write(" there")
    ada.saved()
    ada.context.route(
        "**/api/documents/*", lambda route: route.abort() if route.request.method == "DELETE" else route.continue_()
    )
    ada.button("More actions").click()
    ada.page.get_by_role("menuitem", name="Delete document").click()
    expect(ada.toast("“note” was not deleted.")).to_be_visible()
    expect(ada.title).to_have_text("note")
    ada.shows("hello there")


def test_who_only_reads_is_offered_to_export_and_not_to_import(visit: Visit, server: Server) -> None:
    place = new_place(server.url, {"note.md": "hello"})
    vi = visit(place.member("viewer", name="Vi"))
    vi.open(place.path)
    with vi.page.expect_download() as download:
        vi.button("Export as ZIP").click()
    assert zipfile.ZipFile(download.value.path()).read("note.md") == b"hello"
    expect(vi.button("Import and export")).to_have_count(0)


def test_nothing_moves_while_log_in_learns_of_other_ways(visit: Visit, server: Server) -> None:
    new_place(server.url)  # no longer the first run
    stranger = visit()
    held: list[Route] = []
    stranger.page.route("**/api/auth/options", lambda route: held.append(route))  # noqa: PLW0108 - Playwright marks what it is given
    stranger.open("/login")
    expect(stranger.button("Log in")).to_be_visible()
    stranger.until(lambda: len(held) == 1, "question for other ways")
    create = stranger.page.get_by_role("link", name="Create account")
    expect(create).to_have_count(0)
    held[0].continue_()
    expect(stranger.page.get_by_role("link", name="Email me a log-in link")).to_be_visible()
    expect(create).to_be_visible()
