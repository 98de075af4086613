"""Two real servers that share nothing but a list of addresses: a cell, and another that was taken from it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from cli.conftest import Home, run
from support.http import PASSWORD, signed_up_at
from support.ports import free_port
from support.server import Server
from support.yclient import connected


@contextmanager
def running(server: Server) -> Iterator[httpx.Client]:
    server.start()
    try:
        with server.client() as client:
            yield client
    finally:
        server.stop()


async def test_a_cell_is_split_in_two(tmp_path: Path) -> None:
    ports = {"old": free_port(), "new": free_port()}
    cells = ", ".join(f"{name}=http://127.0.0.1:{port}" for name, port in ports.items())
    environment = {name: {"MDREADER_CELL": name, "MDREADER_CELLS": cells} for name in ports}
    old = Server(tmp_path / "old", PORT=str(ports["old"]), **environment["old"])
    new = Server(tmp_path / "new", PORT=str(ports["new"]), **environment["new"])

    with running(old) as client:
        ada, bob = signed_up_at(old.url), signed_up_at(old.url)
        workspaces, documents = {}, {}
        for name in ("goes", "stays"):
            answer = client.post("/api/workspaces", json={"name": name}, headers=ada.headers)
            workspaces[name] = answer.json()["id"]
            body = {"path": "notes.md", "content": f"what {name}\n"}
            answer = client.post(f"/api/workspaces/{workspaces[name]}/documents", json=body, headers=ada.headers)
            documents[name] = answer.json()["id"]

    done = run(old.data, "cells", "assign", "new", workspaces["goes"], **environment["old"])
    assert (done.code, done.errors) == (0, "")
    assert done.output.startswith("1 of 1 workspaces live in new now")
    listed = run(old.data, "cells", "list", **environment["old"])
    assert [line.split()[:2] for line in listed.output.splitlines()] == [["old", "1"], ["new", "1"]]

    shutil.copytree(old.data, new.data)
    with running(old) as here, running(new) as there:
        # At the old one: told where, by what the client can follow.
        path = f"/api/documents/{documents['goes']}/content"
        answer = here.get(path, headers=ada.headers)
        assert (answer.status_code, answer.headers["location"]) == (307, f"{new.url}{path}")
        answer = here.put(path, content="lost?", headers={**ada.headers, "If-Match": "*", "Sec-Fetch-Mode": "cors"})
        assert (answer.status_code, answer.json()["address"]) == (421, new.url)
        assert here.get(path, headers=bob.headers).status_code == 404
        assert here.get(f"/api/documents/{documents['stays']}/content", headers=ada.headers).text == "what stays\n"
        async with connected(old.ws_url, documents["goes"], ada.access_token, sync=False) as socket:
            assert await socket.closed() == (4421, new.url)
        async with connected(old.ws_url, documents["goes"], bob.access_token, sync=False) as socket:
            assert await socket.closed() == (4404, "not_found")

        # Following the redirect is not signing in: the token stays with its own cell, and would not hold there.
        followed = here.get(path, headers=ada.headers, follow_redirects=True)
        assert (str(followed.url), followed.status_code) == (f"{new.url}{path}", 401)
        assert there.get(path, headers=ada.headers).status_code == 401

        # At the new one, after signing in: it is here, with what was in it, and can be written in.
        answer = there.post("/api/auth/login", json={"email": ada.email, "password": PASSWORD})
        token = answer.json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        assert there.get(path, headers=headers).text == "what goes\n"
        async with connected(new.ws_url, documents["goes"], token) as socket:
            assert socket.text == "what goes\n"
        answer = there.get(f"/api/workspaces/{workspaces['stays']}", headers=headers)
        assert (answer.status_code, answer.headers["location"]) == (
            307,
            f"{old.url}/api/workspaces/{workspaces['stays']}",
        )
        # What is made there now has never been heard of here.
        made = there.post("/api/workspaces", json={"name": "later"}, headers=headers).json()["id"]
        assert here.get(f"/api/workspaces/{made}", headers=ada.headers).status_code == 404

    tables_agree(old, new, workspaces["goes"], environment)


def tables_agree(old: Server, new: Server, moved: str, environment: dict[str, dict[str, str]]) -> None:
    """They do, but for what a slip changes in one of them alone."""
    files = {server: server.data.with_suffix(".txt") for server in (old, new)}
    for server, file in files.items():
        printed = run(server.data, "cells", "table", **environment[server.data.name])
        assert (printed.code, printed.errors) == (0, "")
        file.write_text(printed.output)
    checked = run(old.data, "cells", "check", *map(str, files.values()))
    assert (checked.code, checked.errors) == (0, "")
    assert [line.split() for line in checked.output.splitlines()[:2]] == [
        ["old", "serves", "1"],
        ["new", "serves", "2"],
    ]
    files[new].write_text(files[new].read_text().replace(f"{moved} new", f"{moved} old"))
    checked = run(old.data, "cells", "check", *map(str, files.values()))
    assert checked.code == 1
    assert checked.errors.startswith(f"{moved} is served by nobody: new sends to old sends to new\n1 conflicts. ")


def test_the_command_says_what_it_cannot_do(home: Home, home_server: Server) -> None:
    cells = {"MDREADER_CELL": "old", "MDREADER_CELLS": "old=http://127.0.0.1:1, new=http://127.0.0.1:2"}
    busy = run(home.data, "cells", "list", **cells)
    assert (busy.code, "in use" in busy.errors) == (1, True)
    home_server.stop()
    assert "There are no cells: set MDREADER_CELL" in run(home.data, "cells", "list").errors
    wrong = run(home.data, "cells", "assign", "moon", "nonsense", **cells)
    assert (wrong.code, wrong.errors) == (1, "There is no cell moon. MDREADER_CELLS names: old, new.\n")
    wrong = run(home.data, "cells", "assign", "new", "nonsense", **cells)
    assert (wrong.code, wrong.output) == (1, "")
    assert wrong.errors.splitlines() == ["Nothing was changed: 1 of 1 are no workspaces of this database.", "nonsense"]
    wrong = run(home.data, "cells", "list", **cells | {"MDREADER_CELL": "third"})
    assert "MDREADER_CELLS does not name third" in wrong.errors
