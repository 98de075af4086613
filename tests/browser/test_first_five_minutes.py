"""A new user's first five minutes: sign up, bring a folder, write in it with a colleague, take it home again."""

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from support.http import PASSWORD
from support.page import Visit, Visitor, new_place, visiting
from support.server import Server

FILES = {
    "README.md": b"# Handbook\n\nHow we work.\n",
    "guides/setup.md": b"# Setup\r\n\r\nRun `make run`.\r\n",
    "guides/grüße 😀.md": "\ufeffGrüße, 世界 — no newline at the end".encode(),
    "guides/deep/er/notes.markdown": b"- [ ] first\n- [x] second\n",
}
NOT_TAKEN = {"logo.png": b"\x89PNG\r\n", "guides/broken.md": b"caf\xe9 in Latin-1"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of Markdown with files beside that are not."""
    top = tmp_path / "handbook"
    for path, content in (FILES | NOT_TAKEN).items():
        file = top / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return top


def sign_up(visitor: Visitor, name: str, email: str, button: str = "Create account") -> None:
    page = visitor.page
    page.get_by_label("Your name").fill(name)
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    visitor.button(button).click()


def drop(visitor: Visitor, path: Path) -> None:
    """Drop a file or a folder of the disk onto the page, as a file manager does."""
    session = visitor.context.new_cdp_session(visitor.page)
    data = {"items": [], "files": [str(path)], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver"):
        session.send("Input.dispatchDragEvent", {"type": kind, "x": 760, "y": 420, "data": data})
    expect(visitor.page.get_by_text("Drop to import")).to_be_visible()
    session.send("Input.dispatchDragEvent", {"type": "drop", "x": 760, "y": 420, "data": data})


@contextmanager
def result(visitor: Visitor) -> Iterator[None]:
    """The import's dialog once it has finished; closed at the end."""
    dialog = visitor.dialog("Import")
    expect(dialog.get_by_text("new", exact=False)).to_contain_text(f"{len(FILES)} new")
    yield
    dialog.get_by_role("button", name="Close").last.click()
    expect(dialog).to_be_hidden()


def exported(visitor: Visitor) -> dict[str, bytes]:
    """What the workspace gives back, by path."""
    visitor.button("Import and export").click()
    with visitor.page.expect_download() as download:
        visitor.page.get_by_role("menuitem", name="Export as ZIP").click()
    archive = zipfile.ZipFile(io.BytesIO(Path(download.value.path()).read_bytes()))
    return {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")}


def test_from_nothing_to_two_people_in_one_document(
    browser: Browser, tmp_path: Path, folder: Path, visit: Visit
) -> None:
    server = Server(tmp_path / "empty").start()
    try:
        with visiting(browser, server.url) as ada, visiting(browser, server.url) as ben:
            ada.open()
            sign_up(ada, "Ada Lovelace", "ada@example.com", "Create the first account")
            ada.page.get_by_label("Name of the workspace").fill("Handbook")
            ada.button("Create workspace").click()
            expect(ada.page.get_by_text("Drop a folder of Markdown here")).to_be_visible()

            drop(ada, folder)
            with result(ada):
                skipped = ada.dialog("Import").get_by_role("listitem").filter(has_text="left out")
                expect(skipped.filter(has_text="not Markdown")).to_contain_text("handbook/logo.png")
                expect(skipped.filter(has_text="not UTF-8 text")).to_contain_text("handbook/guides/broken.md")
                expect(ada.dialog("Import").get_by_role("button", name="Open “README”")).to_be_focused()

            ada.button("Handbook").click()
            ada.page.get_by_role("menuitem", name="Members").click()
            add = ada.dialog("Members of Handbook")
            expect(add).to_contain_text("Send them this address")

            ben.open("/signup")
            sign_up(ben, "Ben Okri", "ben@example.com")
            expect(ben.page.get_by_text("a colleague can also add you to theirs")).to_be_visible()

            # The next one can be typed at once.
            expect(add.get_by_label("Email of somebody")).to_be_focused()
            ada.page.keyboard.type("ben@example.com")
            add.get_by_role("button", name="Add", exact=True).click()
            expect(add.get_by_text("Ben Okri")).to_be_visible()
            expect(add.get_by_label("Email of somebody")).to_be_focused()
            ada.page.keyboard.press("Escape")

            # Ben has not done anything: the workspace opens for him.
            for visitor in (ada, ben):
                visitor.row("handbook").click()
                visitor.row("README").click()
                visitor.ready()
            write_together(ada, ben)

            ada.page.reload()
            ada.ready()
            ada.mode("Source")
            written = ("# Handbook", "", "How we work.", "ada one ada two", "ben one ben two")
            ada.reads(*written)
            ada.row("handbook").click()
            files = exported(ada)
            assert ada.troubles + ben.troubles == []
    finally:
        server.stop()
    assert files.pop("handbook/README.md").decode() == "\n".join(written)
    assert files == {f"handbook/{path}": content for path, content in FILES.items() if path != "README.md"}


def test_a_colleague_follows_the_address_and_is_let_in(visit: Visit, server: Server) -> None:
    place = new_place(server.url, {"note.md": "hello"}, owner="Ada")
    ada, ben = visit(place.owner), visit()
    ada.open(place.path)
    ada.button("Handbook").click()
    ada.page.get_by_role("menuitem", name="Members").click()
    members = ada.dialog("Members of Handbook")
    ben.page.goto(ada.copies(members.get_by_role("button", name="Copy address"), server.url))
    sign_up(ben, "Ben Okri", "ben.okri@example.com")
    expect(ben.page.get_by_text("add ben.okri@example.com")).to_be_visible()
    members.get_by_label("Email of somebody").fill("ben.okri@example.com")
    members.get_by_role("button", name="Add", exact=True).click()
    expect(ben.row("note")).to_be_visible()


def write_together(ada: Visitor, ben: Visitor) -> None:
    for visitor in (ada, ben):
        visitor.mode("Source")
    ada.write("ada one \n")
    # Her line end too: what Ben writes before it arrives would stand in her line.
    ben.reads("# Handbook", "", "How we work.", "ada one ", "")
    ben.write("ben one ")
    ada.shows("ben one ")

    # Both at once, each in a line of their own, letter by letter.
    ada.page.keyboard.press("ArrowUp")
    ada.page.keyboard.press("End")
    for mine, theirs in zip("ada two", "ben two", strict=True):
        ada.page.keyboard.type(mine)
        ben.page.keyboard.type(theirs)
    for visitor in (ada, ben):
        visitor.shows("ada one ada two")
        visitor.shows("ben one ben two")
        visitor.saved()

    for visitor, other in ((ada, "Ben Okri"), (ben, "Ada Lovelace")):
        expect(visitor.page.locator(".cm-peer-label")).to_have_text(other)
        expect(visitor.button(f"Follow {other}")).to_be_visible()


def test_a_zip_and_then_the_same_again(visit: Visit, server: Server, tmp_path: Path) -> None:
    archive = tmp_path / "handbook.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for path, content in (FILES | NOT_TAKEN).items():
            packed.writestr(f"handbook/{path}", content)
    place = new_place(server.url)
    ada = visit(place.owner)
    ada.open(place.path)
    expect(ada.page.get_by_text("Drop a folder of Markdown here")).to_be_visible()
    drop(ada, archive)
    with result(ada):
        expect(ada.dialog("Import").get_by_role("listitem").filter(has_text="left out")).to_have_count(2)
    drop(ada, archive)
    dialog = ada.dialog("Import")
    expect(dialog).to_contain_text(f"{len(FILES)} already here, the same")
    expect(dialog).not_to_contain_text("new")
    dialog.get_by_role("button", name="Close").last.click()
    expect(dialog).to_be_hidden()
    assert exported(ada) == {f"handbook/{path}": content for path, content in FILES.items()}


def test_a_folder_from_the_picker(visit: Visit, server: Server, folder: Path) -> None:
    place = new_place(server.url)
    ada = visit(place.owner)
    ada.open(place.path)
    with ada.page.expect_file_chooser() as chooser:
        ada.button("Choose a folder").click()
    chooser.value.set_files(folder)
    with result(ada):
        expect(ada.dialog("Import").get_by_role("listitem").filter(has_text="left out")).to_have_count(2)
    assert sorted(place.paths()) == sorted(f"handbook/{path}" for path in FILES)


def test_an_import_shows_how_far_it_is_and_can_be_stopped(visit: Visit, server: Server, tmp_path: Path) -> None:
    top = tmp_path / "many"
    top.mkdir()
    for number in range(1200):
        (top / f"note-{number:04}.md").write_text(f"# Note {number}\n")
    place = new_place(server.url)
    ada = visit(place.owner)
    ada.open(place.path)
    expect(ada.page.get_by_text("Drop a folder of Markdown here")).to_be_visible()
    # The second call never ends, so that what the dialog says meanwhile can be read.
    calls = iter(range(100))
    ada.page.route("**/import", lambda route: route.continue_() if next(calls) == 0 else None)
    drop(ada, top)
    dialog = ada.dialog("Import")
    expect(dialog).to_contain_text("of 1,200 documents")
    expect(dialog.get_by_role("progressbar")).to_have_attribute("value", "200")
    dialog.get_by_role("button", name="Stop").click()
    expect(dialog).to_contain_text("Stopped. What was already imported stays")
    expect(dialog).to_contain_text("200 new")
    assert len(place.paths()) == 200


def test_follow_goes_where_the_other_is(visit: Visit, server: Server) -> None:
    lines = "\n".join(f"line {number}" for number in range(1, 401))
    place = new_place(server.url, {"long.md": lines}, owner="Ada")
    ben_person = place.member(name="Ben")
    ada, ben = visit(place.owner), visit(ben_person)
    for visitor in (ada, ben):
        visitor.open_document(place, "long.md")
    ben.write(" ben is here")
    expect(ada.editor).not_to_contain_text("ben is here")
    ada.button("Follow Ben").click()
    ada.shows("line 400 ben is here")
    expect(ada.button("Stop following Ben")).to_have_attribute("aria-pressed", "true")
    ben.page.keyboard.press("Control+Home")
    ben.page.keyboard.type("and now here ")
    ada.shows("and now here line 1")
    ada.editor.focus()
    ada.page.keyboard.press("ArrowDown")
    expect(ada.button("Follow Ben")).to_have_attribute("aria-pressed", "false")
