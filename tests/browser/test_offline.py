"""The network goes, the server dies: writing goes on, the state line is honest, and everything meets again."""

import re
from urllib.parse import urlsplit

from playwright.sync_api import WebSocketRoute, expect

from support.page import Visit, Visitor, new_place
from support.server import Server

SAVED_MARKER = 102
# The first for eight seconds, then the second: on a busy machine they pass before one has looked.
CUT_OFF = re.compile("reconnecting|offline")


def start_again(server: Server) -> None:
    """Start the server at the address that it had."""
    server.start(PORT=str(urlsplit(server.url).port))


def kept(visitor: Visitor, changes: str) -> None:
    expect(visitor.state).to_have_attribute("data-kind", "offline")
    expect(visitor.state).to_contain_text(changes)


def test_offline_writing_goes_on_and_meets_what_the_other_wrote(visit: Visit, server: Server) -> None:
    place = new_place(server.url, {"note.md": "start\n"}, owner="Ada")
    ada, ben = visit(place.owner), visit(place.member(name="Ben"))
    for visitor in (ada, ben):
        visitor.open_document(place, "note.md")
        visitor.mode("Source")

    ada.context.set_offline(True)
    kept(ada, "Offline")
    ada.write("ada offline")
    kept(ada, f"{len('ada offline')} changes kept here")
    ben.write("ben meanwhile ", at="Control+Home")
    ben.saved()
    assert "ada offline" not in place.text("note.md")

    ada.context.set_offline(False)
    ben.shows("ada offline")
    ada.shows("ben meanwhile")
    ada.saved()
    assert place.text("note.md") == "ben meanwhile start\nada offline"
    for visitor in (ada, ben):
        visitor.reads("ben meanwhile start", "ada offline")


def test_what_was_written_offline_outlives_the_tab(visit: Visit, server: Server) -> None:
    place = new_place(server.url, {"note.md": "start\n"})
    ada = visit(place.owner)
    ada.open_document(place, "note.md")
    ada.context.set_offline(True)
    kept(ada, "Offline")
    ada.write("kept in the browser")
    kept(ada, "changes kept here")
    ada.page.close()
    ada.context.set_offline(False)

    ada.page = ada.context.new_page()
    ada.open_document(place, "note.md")
    ada.shows("kept in the browser")
    ada.saved()
    assert place.text("note.md") == "start\nkept in the browser"


def test_two_tabs_without_a_network_are_one_text(visit: Visit, server: Server) -> None:
    place = new_place(server.url, {"note.md": "start\n"}, owner="Ada")
    ada = visit(place.owner)
    ada.open_document(place, "note.md")
    second = Visitor(ada.url, ada.context, ada.context.new_page())
    second.open_document(place, "note.md")
    ada.context.set_offline(True)
    for tab in (ada, second):
        expect(tab.state).to_have_attribute("data-kind", "offline")
    ada.write("from the first ")
    second.shows("from the first ")
    expect(second.state).to_contain_text("kept here")
    second.write("and the second")
    ada.shows("from the first and the second")
    ada.context.set_offline(False)
    for tab in (ada, second):
        expect(tab.state).to_have_attribute("data-kind", re.compile("live|saved"))
        tab.shows("from the first and the second")
    assert place.text("note.md") == "start\nfrom the first and the second"


def test_saved_is_said_only_after_the_server_said_so(visit: Visit, server: Server) -> None:
    place = new_place(server.url, {"note.md": ""})
    ada = visit(place.owner)
    held: list[bytes | str] = []
    sockets: list[WebSocketRoute] = []

    def keep_markers(socket: WebSocketRoute) -> None:
        """Pass on what the server sends, but for its word that something is saved."""
        sockets.append(socket)
        upstream = socket.connect_to_server()

        def passed(frame: str | bytes) -> None:
            if frame[0] == SAVED_MARKER:
                held.append(frame)
            else:
                socket.send(frame)

        upstream.on_message(passed)

    ada.page.route_web_socket("**/api/collab/**", keep_markers)
    ada.open_document(place, "note.md")
    ada.write("hello")
    # The server has it; the page has not been told.
    ada.until(lambda: place.text("note.md") == "hello" and bool(held), "marker")
    expect(ada.state).to_have_attribute("data-kind", "saving")
    expect(ada.state).to_have_text("Saving…")
    ada.page.keyboard.type("!")
    expect(ada.state).to_have_attribute("data-kind", "saving")
    sockets[-1].send(held[-1])
    expect(ada.state).to_have_attribute("data-kind", "saving")
    ada.until(lambda: len(held) == 2, "second marker")
    sockets[-1].send(held[-1])
    ada.saved()


def test_a_killed_server_loses_nothing(visit: Visit, server: Server) -> None:
    place = new_place(server.url, {"note.md": "start\n"}, owner="Ada")
    ada, ben = visit(place.owner), visit(place.member(name="Ben"))
    for visitor in (ada, ben):
        visitor.open_document(place, "note.md")
        visitor.mode("Source")
    ada.write("before the fall ")
    ben.shows("before the fall ")
    server.kill()
    try:
        ada.page.keyboard.type("and during it")
        expect(ada.state).to_have_attribute("data-kind", CUT_OFF)
        ben.write("ben too ", at="Control+Home")
        expect(ben.state).to_have_attribute("data-kind", CUT_OFF)
    finally:
        start_again(server)
    for visitor in (ada, ben):
        visitor.shows("ben too start")
        visitor.shows("before the fall and during it")
        visitor.saved()
    assert place.text("note.md") == "ben too start\nbefore the fall and during it"


def test_a_server_that_is_restarted_is_waited_for(visit: Visit, server: Server) -> None:
    place = new_place(server.url, {"note.md": "start\n"})
    ada = visit(place.owner)
    ada.open_document(place, "note.md")
    ada.write("one ")
    ada.saved()
    server.stop()
    try:
        expect(ada.state).to_have_attribute("data-kind", CUT_OFF)
        ada.write("two")
    finally:
        start_again(server)
    ada.saved()
    assert place.text("note.md") == "start\none two"


def test_a_document_opened_before_is_there_without_the_server(visit: Visit, server: Server) -> None:
    """Going to another document and back, and to one that was never opened."""
    place = new_place(server.url, {"known.md": "known text\n", "unknown.md": "unknown text\n"})
    ada = visit(place.owner)
    ada.open_document(place, "known.md")
    ada.shows("known text")
    ada.context.set_offline(True)
    kept(ada, "Offline")
    ada.row("unknown").click()
    expect(ada.page.get_by_role("heading", name="Not available offline")).to_be_visible()
    ada.row("known").click()
    ada.shows("known text")
    ada.write("more")
    kept(ada, "4 changes kept here")
    ada.context.set_offline(False)
    ada.saved()
    ada.row("unknown").click()
    ada.shows("unknown text")
    assert place.text("known.md") == "known text\nmore"


def test_leaving_asks_only_when_something_would_be_lost(visit: Visit, server: Server) -> None:
    place = new_place(server.url, {"note.md": "start\n"})
    ada = visit(place.owner)
    # A browser that keeps nothing, as in some private windows.
    refuse = "IDBFactory.prototype.open = () => { throw new DOMException('refused', 'SecurityError') }"
    ada.context.add_init_script(refuse)
    ada.open_document(place, "note.md")
    ada.write("saved")
    ada.saved()
    ada.page.reload()
    ada.ready()
    ada.context.set_offline(True)
    kept(ada, "Offline")
    ada.write("not saved")
    kept(ada, "9 changes only in this tab")
    with ada.page.expect_event("dialog") as asked:
        ada.page.close(run_before_unload=True)
    assert asked.value.type == "beforeunload"
    # It was answered with "stay".
    ada.context.set_offline(False)
    ada.saved()
    assert ada.troubles.pop().startswith("dialog: beforeunload")
    assert place.text("note.md") == "start\nsavednot saved"
