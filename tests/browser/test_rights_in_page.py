"""What somebody sees who may only read, whose role changes, or whose session ends, with the page open."""

import httpx
from playwright.sync_api import expect

from support.http import PASSWORD, Person
from support.page import Place, Visit, Visitor, new_place
from support.server import Server

# Every record of every database of this origin, bytes as the text they may hold.
EVERYTHING_KEPT = """async () => {
  const done = (request) => new Promise((resolve) => { request.onsuccess = () => resolve(request.result); });
  const readable = (_key, value) => (value instanceof Uint8Array ? new TextDecoder().decode(value) : value);
  const found = [];
  for (const { name } of await indexedDB.databases()) {
    const database = await done(indexedDB.open(name));
    for (const store of database.objectStoreNames) {
      found.push(JSON.stringify(await done(database.transaction(store).objectStore(store).getAll()), readable));
    }
    database.close();
  }
  return found.join(' ');
}"""


def opened(visit: Visit, server: Server, role: str) -> tuple[Place, Person, Visitor]:
    """Ben, who has `role` in Ada's workspace, with `note.md` open."""
    place = new_place(server.url, {"note.md": "# Note\n\n- [ ] a task\n"}, owner="Ada")
    person = place.member(role, name="Ben")
    ben = visit(person)
    ben.open_document(place, "note.md")
    return place, person, ben


def set_role(place: Place, person: Person, role: str) -> None:
    place.request("PATCH", f"/api/workspaces/{place.workspace_id}/members/{person.id}", json={"role": role})


def cut_off_after(visitor: Visitor, text: str) -> None:
    """Write without a network."""
    visitor.mode("Source")
    visitor.context.set_offline(True)
    expect(visitor.state).to_have_attribute("data-kind", "offline")
    visitor.write(text)
    expect(visitor.state).to_contain_text("kept here")


def draft_holds(visitor: Visitor, text: str) -> None:
    """What could not be merged can be copied out."""
    draft = visitor.page.get_by_role("region", name="could not be merged")
    expect(draft).to_be_visible()
    visitor.copies(draft.get_by_role("button", name="Copy text"), text)
    expect(visitor.toast("Copied.")).to_be_visible()


def test_a_viewer_reads_and_is_told_so(visit: Visit, server: Server) -> None:
    place, _person, ben = opened(visit, server, "viewer")
    expect(ben.state).to_have_text("View only")
    expect(ben.state).to_have_attribute("title", "You may read this document but not change it.")
    expect(ben.page.locator(".doc-preview").get_by_role("heading", name="Note")).to_be_visible()
    expect(ben.page.locator(".doc-preview").get_by_role("checkbox")).to_be_disabled()
    for label in ("Edit", "Split"):
        expect(ben.button(label)).to_be_hidden()
    for label in ("New document",):
        expect(ben.button(label)).to_be_hidden()
    ben.mode("Source")
    expect(ben.editor).to_have_attribute("aria-readonly", "true")
    ben.editor.focus()
    ben.page.keyboard.type("no")
    ben.page.keyboard.press("Control+b")
    expect(ben.editor).not_to_contain_text("no")
    # Not even what others write meanwhile stops.
    owner = visit(place.owner)
    owner.open_document(place, "note.md")
    owner.write("from the owner")
    ben.shows("from the owner")
    expect(owner.button("Follow Ben")).to_be_visible()
    assert place.text("note.md") == "# Note\n\n- [ ] a task\nfrom the owner"


def test_a_viewer_has_no_way_to_change_the_tree(visit: Visit, server: Server) -> None:
    _place, _person, ben = opened(visit, server, "viewer")
    ben.tree.focus()
    for key in ("F2", "Delete"):
        ben.page.keyboard.press(key)
    expect(ben.tree.get_by_label("New name")).to_be_hidden()
    expect(ben.row("note")).to_be_visible()
    ben.row("note").click(button="right")
    expect(ben.page.get_by_role("menuitem")).to_have_text(["Open in a new tab"])
    ben.page.keyboard.press("Escape")
    ben.page.keyboard.press("Control+k")
    ben.page.keyboard.type(">delete")
    expect(ben.page.get_by_role("option", name="Delete document")).to_be_hidden()


def test_the_right_to_write_is_taken_away_and_given_back(visit: Visit, server: Server) -> None:
    place, person, ben = opened(visit, server, "editor")
    ben.mode("Source")
    ben.write("as an editor ")
    ben.saved()
    set_role(place, person, "viewer")
    expect(ben.state).to_have_text("View only")
    expect(ben.editor).to_have_attribute("aria-readonly", "true")
    ben.shows("as an editor")
    set_role(place, person, "editor")
    expect(ben.editor).to_have_attribute("aria-readonly", "false")
    ben.write("again")
    ben.saved()
    assert place.text("note.md").endswith("as an editor again")


def test_what_a_new_viewer_wrote_offline_is_kept_for_them(visit: Visit, server: Server) -> None:
    place, person, ben = opened(visit, server, "editor")
    cut_off_after(ben, "too late")
    set_role(place, person, "viewer")
    ben.context.set_offline(False)
    expect(ben.state).to_have_text("View only")
    expect(ben.editor).not_to_contain_text("too late")
    draft_holds(ben, "too late")
    assert "too late" not in place.text("note.md")


def test_removed_from_the_workspace(visit: Visit, server: Server) -> None:
    place, person, ben = opened(visit, server, "editor")
    ben.mode("Source")
    place.request("DELETE", f"/api/workspaces/{place.workspace_id}/members/{person.id}")
    expect(ben.page.get_by_role("heading", name="You are not in this workspace")).to_be_visible()
    ben.page.get_by_role("link", name="To your workspaces").click()
    expect(ben.page.get_by_text("Documents live in a workspace")).to_be_visible()


def test_what_was_written_before_being_removed_is_kept(visit: Visit, server: Server) -> None:
    place, person, ben = opened(visit, server, "editor")
    cut_off_after(ben, "my unsent words")
    place.request("DELETE", f"/api/workspaces/{place.workspace_id}/members/{person.id}")
    ben.context.set_offline(False)
    expect(ben.page.get_by_role("heading", name="You are not in this workspace")).to_be_visible()
    draft_holds(ben, "my unsent words")
    # As long as it takes: also after coming back.
    ben.page.reload()
    draft_holds(ben, "my unsent words")


def test_logging_out_in_another_tab(visit: Visit, server: Server) -> None:
    place, person, ben = opened(visit, server, "editor")
    other = ben.context.new_page()
    other.goto(server.url + place.path)
    other.get_by_role("button", name="Ben").click()
    other.get_by_role("menuitem", name="Log out").click()
    expect(other.get_by_role("heading", name="Log in")).to_be_visible()
    expect(ben.page.get_by_role("heading", name="Log in")).to_be_visible()
    log_in_again(ben, person)
    ben.ready()
    ben.write("back")
    ben.saved()


def test_a_session_ended_from_elsewhere_keeps_what_was_written(visit: Visit, server: Server) -> None:
    place, person, ben = opened(visit, server, "editor")
    cut_off_after(ben, "unsent")
    body = {"current_password": PASSWORD, "new_password": PASSWORD + "2"}
    answer = httpx.post(f"{server.url}/api/auth/password", json=body, headers=person.headers, timeout=60)
    assert answer.status_code == 204
    ben.context.set_offline(False)
    expect(ben.page.get_by_role("heading", name="Log in")).to_be_visible()
    log_in_again(ben, person, PASSWORD + "2")
    ben.ready()
    ben.shows("unsent")
    ben.saved()
    assert place.text("note.md").endswith("unsent")


def log_in_again(visitor: Visitor, person: Person, password: str = PASSWORD) -> None:
    visitor.page.get_by_label("Email").fill(person.email)
    visitor.page.get_by_label("Password", exact=True).fill(password)
    visitor.button("Log in").click()


def test_nobody_else_on_this_machine_sees_what_was_open(visit: Visit, server: Server) -> None:
    """After logging out, the next person of the same browser finds nothing of the one before."""
    place, _person, ben = opened(visit, server, "editor")
    ben.write("private words")
    ben.saved()
    ben.button("Ben").click()
    ben.page.get_by_role("menuitem", name="Log out").click()
    expect(ben.page.get_by_role("heading", name="Log in")).to_be_visible()
    # Taken away while the log-in form is there already.
    ben.until(lambda: "private words" not in ben.page.evaluate(EVERYTHING_KEPT), "end of what was kept")
    stranger = new_place(server.url, owner="Eve").owner
    log_in_again(ben, stranger)
    expect(ben.page.get_by_text("Drop a folder of Markdown here")).to_be_visible()
    ben.open(place.document_path("note.md"))
    expect(ben.page.get_by_role("heading", name="You are not in this workspace")).to_be_visible()
    left = ben.page.evaluate(EVERYTHING_KEPT)
    assert "private words" not in left
    assert "note.md" not in left
