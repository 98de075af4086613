"""A workspace that went to another cell: the page says where it is and leads there, and keeps what was not sent."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from cli.conftest import run
from support.axe import check
from support.http import PASSWORD
from support.page import Place, new_place, visiting
from support.ports import free_port
from support.server import Server

Cells = tuple[Server, Server, dict[str, str]]


@pytest.fixture
def cells(tmp_path: Path) -> Iterator[Cells]:
    """The server of a cell, that of another which is not there yet, and their settings. By name and by number: cookies know no ports."""
    ports = {"old": free_port(), "new": free_port()}
    listed = f"old=http://127.0.0.1:{ports['old']}, new=http://localhost:{ports['new']}"
    old, new = (
        Server(tmp_path / name, PORT=str(port), MDREADER_CELL=name, MDREADER_CELLS=listed)
        for name, port in ports.items()
    )
    yield old.start(), new, {"MDREADER_CELL": "old", "MDREADER_CELLS": listed}
    for server in (old, new):
        server.kill()


def split(cells: Cells, place: Place) -> str:
    """Take the workspace to the new cell, and start both; the new one's address as people see it."""
    old, new, environment = cells
    done = run(old.data, "cells", "assign", "new", place.workspace_id, **environment)
    assert (done.code, done.errors) == (0, "")
    shutil.copytree(old.data, new.data)
    old.start()
    return new.start().url.replace("http://127.0.0.1", "localhost")


def test_a_workspace_that_moved_is_followed_to_its_cell(cells: Cells, browser: Browser) -> None:
    old = cells[0]
    place = new_place(old.url, {"note.md": "# What moved\n"}, owner="Ada Lovelace")
    with visiting(browser, old.url, place.owner, reduced_motion="reduce") as ada:
        ada.open_document(place, "note.md")
        old.stop()
        expect(ada.state).to_have_attribute("data-kind", "offline")
        ada.write("not sent")
        expect(ada.state).to_contain_text("kept here")
        host = split(cells, place)

        # In the page that was open when it went: where it is, and what could not go with it.
        expect(ada.page.get_by_role("heading", name="This workspace has moved")).to_be_visible()
        kept = ada.page.get_by_role("region", name="could not be merged")
        expect(kept).to_contain_text("is kept in this browser")
        expect(ada.page.get_by_role("link", name="To your workspaces")).to_be_visible()
        assert check(ada, "moved") == []

        # And from a link of old times.
        ada.open(place.document_path("note.md"))
        expect(ada.page.get_by_text(f"It lives at {host} now")).to_be_visible()
        expect(kept).to_be_visible()
        there = ada.page.get_by_role("link", name=f"Open it at {host}")
        expect(there).to_have_attribute("href", f"http://{host}{place.document_path('note.md')}")
        assert ada.troubles == []

        # Whoever follows it signs in there, and is where they wanted to be.
        there.click()
        ada.page.get_by_label("Email").fill(place.owner.email)
        ada.page.get_by_label("Password", exact=True).fill(PASSWORD)
        ada.button("Log in").click()
        ada.ready()
        ada.shows("What moved")
