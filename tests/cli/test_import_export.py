"""`mdreader import` and `mdreader export`: without a server, through the one on the data folder, and at a remote one with a key."""

import signal
import subprocess
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from cli.conftest import SECONDS, Ended, Home, begun, new_key, run, tree, write
from mdreader.kernel.data_folder import ServerInfo, announce
from support.http import Person, signed_up_at
from support.ports import free_port
from support.server import Server

pytestmark = pytest.mark.timeout(600)  # thousands of documents, several times, on a machine with much else to do
EXACT = {
    "README.md": b"# Handbook\n\ntext\n",
    "crlf.md": b"a\r\nb\r\n",
    "mixed.md": b"a\r\nb\nc\rd",
    "bom.md": b"\xef\xbb\xbf# BOM\r\n",
    "no-newline.markdown": b"x",
    "empty.mdx": b"",
    "deep/er/\U0001f469\u200d\U0001f469\u200d\U0001f467 na\u00efve.md": "emoji \U0001f600 e\u0301\n".encode(),
    "front/matter.mkd": b"---\ntitle: x\n---\n\n* a\n    - b\n",
}


@dataclass(frozen=True, slots=True)
class Way:
    """One of the three ways to a server."""

    home: Home
    arguments: tuple[str, ...]
    edit: Callable[[str, str], None]

    def bring(self, folder: Path, *more: str) -> Ended:
        return run(self.home.data, "import", folder, "--workspace", "Handbook", *more, *self.arguments)

    def take(self, folder: Path, *more: str) -> Ended:
        return run(self.home.data, "export", "Handbook", folder, *more, *self.arguments)


@contextmanager
def serving(home: Home) -> Iterator[Server]:
    server = Server(home.data)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def put(server: Server, person: Person, path: str, text: str) -> None:
    """Edit a document as its author does in the page."""
    with server.client() as client:
        client.headers.update(person.headers)
        (workspace,) = client.get("/api/workspaces").json()["items"]
        items = client.get(f"/api/workspaces/{workspace['id']}/documents").json()["items"]
        (document,) = [item["id"] for item in items if item["path"] == path]
        response = client.put(
            f"/api/documents/{document}/content",
            content=text.encode(),
            headers={"If-Match": "*", "Content-Type": "text/markdown"},
        )
        assert response.status_code == 200, response.text


@pytest.fixture(params=["inside", "through", "remote"])
def way(request: pytest.FixtureRequest, home: Home, tmp_path: Path) -> Iterator[Way]:
    if request.param == "inside":

        def edit(path: str, text: str) -> None:
            with serving(home) as server:
                put(server, home.ada, path, text)

        yield Way(home, (), edit)
        return
    with serving(home) as server:
        arguments: tuple[str, ...] = ()
        seen = home
        if request.param == "remote":
            arguments = ("--server", server.url, "--api-key", new_key(server, home.ada))
            seen = Home(tmp_path / "no-data-here", home.ada)
        yield Way(seen, arguments, lambda path, text: put(server, home.ada, path, text))


def test_a_folder_comes_in_comes_again_and_goes_out(way: Way, tmp_path: Path) -> None:
    folder = write(tmp_path / "in", EXACT)
    first = way.bring(folder)
    assert (first.code, first.counts) == (0, {"created": len(EXACT)}), first
    assert "a new workspace" in first.output
    again = way.bring(folder)
    assert (again.code, again.counts) == (0, {"unchanged": len(EXACT)}), again
    assert "a new workspace" not in again.output
    out = way.take(tmp_path / "out")
    assert (out.code, out.counts) == (0, {"written": len(EXACT)}), out
    assert tree(tmp_path / "out") == EXACT

    (folder / "crlf.md").write_bytes(b"a\r\nchanged\r\nb\r\n")
    (folder / "README.md").write_bytes(b"# Handbook\n\nfrom the file\n")
    (folder / "new.md").write_bytes(b"new")
    way.edit("README.md", "# Handbook\n\nfrom here\n")
    mixed = way.bring(folder)
    assert mixed.code == 1
    assert mixed.counts == {"created": 1, "updated": 1, "unchanged": len(EXACT) - 2, "kept": 1}
    assert "Kept as they are here:\n  README.md" in mixed.output

    differs = way.take(tmp_path / "out")
    assert differs.code == 1
    assert differs.counts == {"written": 1, "unchanged": len(EXACT) - 2, "differs": 2}
    assert "  README.md\n" in differs.output
    assert tree(tmp_path / "out") == EXACT | {"new.md": b"new"}
    forced = way.take(tmp_path / "out", "--force")
    assert (forced.code, forced.counts["written"]) == (0, 2)
    assert tree(tmp_path / "out")["README.md"] == b"# Handbook\n\nfrom here\n"

    over = way.bring(folder, "--overwrite")
    assert (over.code, over.counts) == (0, {"updated": 1, "unchanged": len(EXACT)})
    assert way.take(tmp_path / "out2").code == 0
    assert tree(tmp_path / "out2") == tree(folder)


def test_what_is_not_brought_in_is_said(home: Home, tmp_path: Path) -> None:
    folder = write(
        tmp_path / "in",
        {
            "good.md": b"x",
            unicodedata.normalize("NFD", "Ärger/über.md"): b"y",
            "latin-1.md": b"caf\xe9",
            "nul.md": b"a\0b",
            "large.md": b"x" * 2001,
            "logo.png": b"\x89PNG",
            ".git/HEAD.md": b"x",
            "node_modules/p/README.md": b"x",
            "esc\x1b[31m.md": b"x",
        },
    )
    (folder / "loop").symlink_to(".")
    ended = run(home.data, "import", folder, "-w", "W", MDREADER_MAX_DOCUMENT_BYTES="2000")
    assert ended.code == 1
    assert ended.counts == {"created": 2, "skipped": 8}
    for words in (
        "latin-1.md: ",
        "not UTF-8",
        "NUL",
        "large.md: too large (2,001 bytes, at most 2,000)",
        "not Markdown: 1",
    ):
        assert words in ended.output
    for words in (".git/: ", "node_modules/: ", "loop/: a link to a folder"):
        assert words in ended.output
    assert "\x1b" not in ended.output
    (folder / "latin-1.md").unlink()
    (folder / "nul.md").unlink()
    (folder / "large.md").unlink()
    (folder / "esc\x1b[31m.md").unlink()
    assert run(home.data, "import", folder, "-w", "W").code == 0
    assert run(home.data, "export", "W", tmp_path / "out").code == 0
    assert tree(tmp_path / "out") == {"good.md": b"x", unicodedata.normalize("NFC", "Ärger/über.md"): b"y"}


def test_a_folder_without_markdown_makes_no_workspace(home: Home, tmp_path: Path) -> None:
    ended = run(home.data, "import", write(tmp_path / "in", {"a.txt": b"x"}), "-w", "W")
    assert (ended.code, "There is no Markdown" in ended.output) == (0, True)
    assert "There is no workspace W" in run(home.data, "export", "W", tmp_path / "out").errors


def test_without_data_or_an_account_it_says_what_to_do(tmp_path: Path, empty_database: Path) -> None:
    folder = write(tmp_path / "in", {"a.md": b"x"})
    data = tmp_path / "data"
    nothing = run(data, "import", folder, "-w", "W")
    assert (nothing.code, "nothing in the data folder" in nothing.errors) == (1, True), nothing.errors
    assert not data.exists()
    data.mkdir()
    (data / empty_database.name).write_bytes(empty_database.read_bytes())
    nobody = run(data, "import", folder, "-w", "W")
    assert (nobody.code, "Nobody has an account" in nobody.errors) == (1, True), nobody.errors
    unknown = run(data, "import", folder, "-w", "W", "--owner", "ada@example.org")
    assert (unknown.code, "ada@example.org" in unknown.errors) == (1, True), unknown.errors
    assert nothing.output + nobody.output + unknown.output == ""


def test_among_several_accounts_the_owner_is_named_or_known(home: Home, tmp_path: Path) -> None:
    with serving(home) as server:
        ben = signed_up_at(server.url, email="ben@example.org", name="Ben")
    folder = write(tmp_path / "in", {"a.md": b"x"})
    unclear = run(home.data, "import", folder, "-w", "Notes")
    assert (unclear.code, "Say who owns" in unclear.errors) == (1, True), unclear.errors
    unknown = run(home.data, "export", "Notes", tmp_path / "nothing")
    assert (unknown.code, "There is no workspace Notes" in unknown.errors) == (1, True), unknown.errors
    assert run(home.data, "import", folder, "-w", "Notes", "--owner", " BEN@example.org").counts == {"created": 1}
    assert run(home.data, "import", folder, "-w", "Notes").counts == {"unchanged": 1}, "its owner is known now"
    assert run(home.data, "import", folder, "-w", "Notes", "--owner", "ada@example.org").counts == {"created": 1}
    several = run(home.data, "import", folder, "-w", "Notes")
    assert (several.code, "Several workspaces" in several.errors) == (1, True), several.errors
    with serving(home) as server, server.client() as client:
        mine = {
            person.name: client.get("/api/workspaces", headers=person.headers).json()["items"]
            for person in (home.ada, ben)
        }
        assert [[item["role"] for item in items] for items in mine.values()] == [["owner"], ["owner"]]
        ids = {name: items[0]["id"] for name, items in mine.items()}
        assert ids["Ben"] in several.errors
        assert run(home.data, "import", folder, "-w", ids["Ben"]).counts == {"unchanged": 1}
        assert run(home.data, "export", ids["Ben"], tmp_path / "out").counts == {"written": 1}


def test_a_name_that_two_of_ones_own_workspaces_have(home: Home, tmp_path: Path) -> None:
    with serving(home) as server:
        url = f"{server.url}/api/workspaces"
        made = [
            httpx.post(url, json={"name": "Twice"}, headers=home.ada.headers, timeout=60).json()["id"] for _ in range(2)
        ]
    folder = write(tmp_path / "in", {"a.md": b"x"})
    ended = run(home.data, "import", folder, "-w", "Twice")
    assert ended.code == 1
    assert all(one in ended.errors for one in made)
    assert run(home.data, "import", folder, "-w", made[1]).counts == {"created": 1}


def test_a_remote_server_wants_a_key_that_may_write(home: Home, home_server: Server, tmp_path: Path) -> None:
    folder = write(tmp_path / "in", {"a.md": b"x"})
    elsewhere = tmp_path / "elsewhere"
    write_key, read_key = (new_key(home_server, home.ada, scope) for scope in ("write", "read"))

    def remote(*arguments: str, **environment: str) -> Ended:
        return run(elsewhere, "import", folder, "-w", "W", *arguments, **environment)

    at = ("--server", home_server.url)
    assert "takes both" in remote(*at).errors
    assert "takes both" in remote("--api-key", write_key).errors
    assert "no address" in remote("--server", "notes.example.org", "--api-key", write_key).errors
    assert "--owner is for" in remote(*at, "--api-key", write_key, "--owner", "ada@example.org").errors
    assert "mistyped, unknown or revoked" in remote(*at, "--api-key", "mdr_wrong").errors
    reading = remote(*at, "--api-key", read_key)
    assert (reading.code, "read" in reading.errors) == (1, True), reading.errors
    by_environment = remote(MDREADER_SERVER=home_server.url + "/", MDREADER_API_KEY=write_key)
    assert (by_environment.code, by_environment.counts) == (0, {"created": 1})
    exported = run(elsewhere, "export", "W", tmp_path / "out", *at, "--api-key", read_key)
    assert (exported.code, tree(tmp_path / "out")) == (0, {"a.md": b"x"})
    assert not elsewhere.exists()
    for key in (write_key, read_key):
        assert key not in by_environment.output + reading.errors


def test_a_viewer_may_not_import(home: Home, home_server: Server, tmp_path: Path) -> None:
    ben = signed_up_at(home_server.url, email="ben@example.org")
    folder = write(tmp_path / "in", {"a.md": b"x"})
    assert run(home.data, "import", folder, "-w", "W", "--owner", "ada@example.org").code == 0
    with home_server.client() as client:
        client.headers.update(home.ada.headers)
        (workspace,) = client.get("/api/workspaces").json()["items"]
        body = {"email": ben.email, "role": "viewer"}
        assert client.post(f"/api/workspaces/{workspace['id']}/members", json=body).status_code == 201
    at = ("--server", home_server.url, "--api-key", new_key(home_server, ben))
    refused = run(home.data, "import", folder, "-w", "W", *at)
    assert (refused.code, "needs the role editor" in refused.errors) == (1, True), refused.errors
    assert run(home.data, "export", "W", tmp_path / "out", *at).counts == {"written": 1}


def test_an_export_does_not_leave_its_folder(home: Home, tmp_path: Path) -> None:
    folder = write(tmp_path / "in", {"sub/a.md": b"x", "b.md": b"x", "c.md": b"x"})
    assert run(home.data, "import", folder, "-w", "W").code == 0
    outside = write(tmp_path / "outside", {"victim.md": b"safe"})
    out = tmp_path / "out"
    out.mkdir()
    (out / "sub").symlink_to(outside)
    (out / "b.md").symlink_to(outside / "victim.md")
    ended = run(home.data, "export", "W", out, "--force")
    assert ended.code == 1
    assert ended.counts == {"written": 1, "failed": 2}
    assert tree(outside) == {"victim.md": b"safe"}


def many(folder: Path, count: int) -> Path:
    return write(
        folder,
        {f"d{number % 23}/{number:05}.md": f"# {number}\n\n{'text ' * 200}\n".encode() for number in range(count)},
    )


# So many that it is not over before a busy machine comes round to stopping it.
MANY = 2500


def wait_for_progress(process: subprocess.Popen[str]) -> None:
    """Until the first part is in."""
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("Importing: "):
            return
    raise AssertionError("it ended without a word")


@pytest.mark.parametrize("with_server", [False, True])
def test_killed_in_the_middle_the_same_command_does_the_rest(home: Home, tmp_path: Path, *, with_server: bool) -> None:
    folder = many(tmp_path / "in", MANY)
    server = Server(home.data).start() if with_server else None
    try:
        with begun(home.data, "import", folder, "-w", "W") as process:
            wait_for_progress(process)
            process.kill()
            assert process.wait() == -signal.SIGKILL
        rest = run(home.data, "import", folder, "-w", "W")
        assert rest.code == 0, rest
        assert set(rest.counts) == {"created", "unchanged"}, "it was killed in the middle"
        assert sum(rest.counts.values()) == MANY
        assert run(home.data, "export", "W", tmp_path / "out").counts == {"written": MANY}
    finally:
        if server is not None:
            server.stop()
    assert tree(tmp_path / "out") == tree(folder)


def test_stopped_by_ctrl_c_it_says_what_stays(home: Home, tmp_path: Path) -> None:
    folder = many(tmp_path / "in", MANY)
    with begun(home.data, "import", folder, "-w", "W") as process:
        wait_for_progress(process)
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=SECONDS)
    assert process.returncode == 130, errors
    assert "Run the same command again" in errors
    assert "Traceback" not in errors
    assert "  created" in output
    rest = run(home.data, "import", folder, "-w", "W")
    assert (rest.code, sum(rest.counts.values())) == (0, MANY)


def test_a_server_that_is_killed_and_comes_back_costs_a_pause(home: Home, tmp_path: Path) -> None:
    folder = many(tmp_path / "in", MANY)
    server = Server(home.data, PORT=str(free_port())).start()
    try:
        with begun(home.data, "import", folder, "-w", "W") as process:
            wait_for_progress(process)
            server.kill()
            server.start()
            output, errors = process.communicate(timeout=SECONDS)
        assert process.returncode == 0, errors
        assert "trying again" in errors
        assert sum(Ended(0, output, "").counts.values()) == MANY
        assert run(home.data, "export", "W", tmp_path / "out").counts == {"written": MANY}
    finally:
        server.stop()
    assert tree(tmp_path / "out") == tree(folder)


def test_a_folder_that_another_command_holds_is_waited_for(home: Home, tmp_path: Path) -> None:
    folder = many(tmp_path / "in", 600)
    small = write(tmp_path / "small", {"a.md": b"x"})
    announce(home.data, ServerInfo(pid=1, url=f"http://127.0.0.1:{free_port()}", started=0))  # left by a killed server
    with begun(home.data, "import", folder, "-w", "W") as process:
        wait_for_progress(process)
        second = run(home.data, "import", small, "-w", "Small")
        output, errors = process.communicate(timeout=SECONDS)
    assert process.returncode == 0, errors
    assert (second.code, second.counts) == (0, {"created": 1}), second
    assert Ended(0, output, "").counts == {"created": 600}


def test_what_cannot_be_asked_is_a_usage_error(home: Home, tmp_path: Path) -> None:
    assert run(home.data, "import", tmp_path / "missing", "-w", "W").code == 2
    assert run(home.data, "import", tmp_path).code == 2
    (tmp_path / "file").write_bytes(b"")
    assert run(home.data, "export", "W", tmp_path / "file").code == 2
