"""Bringing files in over HTTP, again and again."""

import asyncio
import random
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from mdreader.db.engine import Transaction
from mdreader.features.documents import queries
from mdreader.features.documents import service as documents
from mdreader.features.transfer import service
from mdreader.features.workspaces.access import Right, WorkspaceAccess
from mdreader.features.workspaces.queries import delete_member
from mdreader.runtime import Runtime
from support.http import Person, new_document, new_workspace, signed_up
from support.team import new_team, post_raw

EXACT = {
    "lf.md": "# One\n\ntwo\n",
    "crlf.md": "# One\r\n\r\ntwo\r\n",
    "mixed.md": "a\r\nb\nc\rd",
    "bom.md": "\ufeff# One\n",
    "bom-crlf.md": "\ufeffa\r\nb\r\n",
    "no-newline.md": "one",
    "empty.md": "",
    "only-newlines.md": "\n\n\r\n",
    "spaces.md": "  a  \n\t\nb \t\n",
    "emoji/👩‍👩‍👧 naïve é.md": "👩‍👩‍👧 é e\u0301 \u2028 \ufeff in the middle\n",
    "deep/er/and/deeper/Notes & more (1).markdown": "---\ntitle: x\n---\n- [ ] odd\n  * list\n",
}


class Library:
    """A workspace into which files are brought."""

    def __init__(self, client: httpx.AsyncClient, person: Person, workspace_id: str) -> None:
        self.client = client
        self.person = person
        self.workspace_id = workspace_id
        self.url = f"/api/workspaces/{workspace_id}"

    async def bring(self, files: dict[str, str], **options: Any) -> dict[str, dict[str, Any]]:
        """Import; what became of each file, by its path."""
        documents = [{"path": path, "content": text} for path, text in files.items()]
        response = await self.client.post(
            f"{self.url}/import", json={"documents": documents, **options}, headers=self.person.headers
        )
        assert response.status_code == 200, response.text
        items = response.json()["items"]
        assert [item["path"] for item in items] == list(files)
        return {item["path"]: item for item in items}

    async def statuses(self, files: dict[str, str], **options: Any) -> dict[str, str]:
        return {path: item["status"] for path, item in (await self.bring(files, **options)).items()}

    async def documents(self) -> dict[str, dict[str, Any]]:
        response = await self.client.get(f"{self.url}/documents?limit=1000", headers=self.person.headers)
        return {item["path"]: item for item in response.json()["items"]}

    async def text(self, path: str) -> str:
        document = (await self.documents())[path]
        response = await self.client.get(f"/api/documents/{document['id']}/content", headers=self.person.headers)
        return response.content.decode()

    async def edit(self, path: str, text: str) -> None:
        document = (await self.documents())[path]
        response = await self.client.put(
            f"/api/documents/{document['id']}/content",
            content=text.encode(),
            headers={**self.person.headers, "If-Match": "*", "Content-Type": "text/markdown"},
        )
        assert response.status_code == 200, response.text


@pytest.fixture
async def library(client: httpx.AsyncClient) -> Library:
    ada = await signed_up(client, name="Ada")
    return Library(client, ada, await new_workspace(client, ada))


async def test_files_come_in_byte_for_byte_and_only_once(library: Library) -> None:
    assert set((await library.statuses(EXACT)).values()) == {"created"}
    for path, text in EXACT.items():
        assert (await library.text(path)).encode() == text.encode(), path
    first = await library.documents()
    assert set((await library.statuses(EXACT)).values()) == {"unchanged"}
    assert await library.documents() == first, "an import that changes nothing leaves no trace"


async def test_an_answer_names_the_document(library: Library) -> None:
    made = (await library.bring({"a.md": "one"}))["a.md"]
    assert made["id"] == (await library.documents())["a.md"]["id"]
    assert (made["code"], made["detail"]) == (None, None)
    assert (await library.bring({"a.md": "two"}))["a.md"]["id"] == made["id"]


async def test_a_changed_file_updates_what_nobody_edited_here(library: Library) -> None:
    await library.bring({"a.md": "# Old\n", "b.md": "same\n"})
    assert await library.statuses({"a.md": "# New\n", "b.md": "same\n"}) == {"a.md": "updated", "b.md": "unchanged"}
    assert await library.text("a.md") == "# New\n"
    listed = (await library.documents())["a.md"]
    assert (listed["title"], listed["size"]) == ("New", 6), "the list knows at once"
    assert await library.statuses({"a.md": "# Newer\r\n"}) == {"a.md": "updated"}
    assert await library.text("a.md") == "# Newer\r\n"


async def test_what_was_edited_here_is_kept(library: Library) -> None:
    await library.bring({"a.md": "one\n"})
    await library.edit("a.md", "one\nmine\n")
    kept = (await library.bring({"a.md": "one\ntheirs\n"}))["a.md"]
    assert (kept["status"], kept["code"]) == ("kept", "edited_here")
    assert await library.text("a.md") == "one\nmine\n"
    assert await library.statuses({"a.md": "one\ntheirs\n"}) == {"a.md": "kept"}, "and again"
    assert await library.statuses({"a.md": "one\n"}) == {"a.md": "kept"}, "an old file does not bring the old text back"


async def test_overwriting_replaces_what_was_edited_here(library: Library) -> None:
    await library.bring({"a.md": "one\n"})
    await library.edit("a.md", "mine\n")
    assert await library.statuses({"a.md": "theirs\n"}, overwrite=True) == {"a.md": "updated"}
    assert await library.text("a.md") == "theirs\n"
    assert await library.statuses({"a.md": "newer\n"}) == {"a.md": "updated"}, "it counts as imported again"


async def test_here_and_the_file_coming_to_the_same_text_ends_the_quarrel(library: Library) -> None:
    await library.bring({"a.md": "one\n"})
    await library.edit("a.md", "agreed\n")
    assert await library.statuses({"a.md": "agreed\n"}) == {"a.md": "unchanged"}
    assert await library.statuses({"a.md": "later\n"}) == {"a.md": "updated"}


async def test_a_document_written_here_is_kept(library: Library) -> None:
    await new_document(library.client, library.person, library.workspace_id, "a.md", "mine")
    kept = (await library.bring({"a.md": "theirs"}))["a.md"]
    assert (kept["status"], kept["code"]) == ("kept", "not_imported")
    assert await library.text("a.md") == "mine"


async def test_what_was_moved_here_stays_moved(library: Library) -> None:
    moved = (await library.bring({"a.md": "one"}))["a.md"]["id"]
    await library.client.patch(f"/api/documents/{moved}", json={"path": "b.md"}, headers=library.person.headers)
    assert await library.statuses({"a.md": "one"}) == {"a.md": "created"}
    assert (await library.documents())["b.md"]["id"] == moved


async def test_what_was_deleted_here_is_made_anew(library: Library) -> None:
    first = (await library.bring({"a.md": "one"}))["a.md"]["id"]
    await library.client.delete(f"/api/documents/{first}", headers=library.person.headers)
    again = (await library.bring({"a.md": "one"}))["a.md"]
    assert again["status"] == "created"
    assert again["id"] != first
    trash = await library.client.get(f"{library.url}/trash", headers=library.person.headers)
    assert [item["id"] for item in trash.json()["items"]] == [first]


async def test_one_bad_file_refuses_itself_alone(library: Library, app: FastAPI) -> None:
    limit = app.state.runtime.policy.max_document_bytes
    files = {
        "good.md": "x",
        "../out.md": "x",
        "/absolute.md": "x",
        "": "x",
        "a//b.md": "x",
        "back\\slash.md": "x",
        "new\nline.md": "x",
        "nul.md": "a\0b",
        "large.md": "x" * (limit + 1),
        "just.md": "x" * limit,
        "good.md/below.md": "x",
        "p" * 300 + ".md": "x",
    }
    items = await library.bring(files)
    codes = {path: item["code"] for path, item in items.items() if item["status"] == "refused"}
    assert codes == {
        "../out.md": "invalid_path",
        "/absolute.md": "invalid_path",
        "": "invalid_path",
        "a//b.md": "invalid_path",
        "back\\slash.md": "invalid_path",
        "new\nline.md": "invalid_path",
        "nul.md": "invalid_text",
        "large.md": "too_large",
        "good.md/below.md": "path_taken",
        "p" * 300 + ".md": "invalid_path",
    }
    assert all(items[path]["detail"] for path in codes)
    assert set(await library.documents()) == {"good.md", "just.md"}


async def test_names_that_unicode_spells_in_two_ways_are_one_path(library: Library) -> None:
    composed, decomposed = "é.md", "e\u0301.md"
    assert await library.statuses({decomposed: "one"}) == {decomposed: "created"}
    assert set(await library.documents()) == {composed}
    assert await library.statuses({composed: "one"}) == {composed: "unchanged"}
    twice = await library.bring({composed: "one", decomposed: "two"})
    assert (twice[composed]["status"], twice[decomposed]["code"]) == ("unchanged", "path_twice")


async def test_half_a_surrogate_pair_is_refused(library: Library) -> None:
    body = {"documents": [{"path": "a.md", "content": "\ud800"}]}
    response = await post_raw(library.client, f"{library.url}/import", body, library.person.headers)
    assert response.status_code in {200, 422}
    assert await library.documents() == {}


async def test_a_call_has_a_limit(library: Library) -> None:
    one = {"path": "a.md", "content": ""}
    many = {"documents": [{**one, "path": f"{number}.md"} for number in range(501)]}
    response = await library.client.post(f"{library.url}/import", json=many, headers=library.person.headers)
    assert response.status_code == 422
    long = {"documents": [{"path": f"{number}.md", "content": "x" * 4_100_000} for number in range(4)]}
    response = await library.client.post(f"{library.url}/import", json=long, headers=library.person.headers)
    assert (response.status_code, response.json()["code"]) == (413, "import_too_large")
    assert await library.documents() == {}
    empty = await library.client.post(f"{library.url}/import", json={"documents": []}, headers=library.person.headers)
    assert empty.json() == {"items": []}


async def test_a_full_call_is_brought_in_whole(library: Library) -> None:
    rng = random.Random(4)
    files = {f"f{number % 17}/{number}.md": "wörd " * rng.randrange(2000) for number in range(500)}
    assert set((await library.statuses(files)).values()) == {"created"}
    assert set((await library.statuses(files)).values()) == {"unchanged"}
    assert {path: item["size"] for path, item in (await library.documents()).items()} == {
        path: len(text.encode()) for path, text in files.items()
    }


async def test_the_same_call_many_times_at_once_doubles_nothing(library: Library) -> None:
    files = {f"{number}.md": f"text {number}" for number in range(120)}
    answers = await asyncio.gather(*(library.statuses(files) for _ in range(4)))
    for path in files:
        outcomes = sorted(answer[path] for answer in answers)
        assert outcomes == ["created", "unchanged", "unchanged", "unchanged"]
    assert len(await library.documents()) == len(files)


async def test_an_edit_in_the_very_moment_of_the_update_is_kept(
    library: Library, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    await library.bring({"a.md": "one\n"})
    live = app.state.runtime.live
    real = live.replace

    async def replace(document_id: str, text: str, **options: Any) -> Any:
        if text == "theirs\n":
            await real(document_id, "mine\n", user_id=library.person.id, expected_etag=None)
        return await real(document_id, text, **options)

    monkeypatch.setattr(live, "replace", replace)
    assert await library.statuses({"a.md": "theirs\n"}) == {"a.md": "kept"}
    assert await library.text("a.md") == "mine\n"


async def test_a_document_deleted_in_the_very_moment_is_refused(
    library: Library, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = (await library.bring({"a.md": "one\n", "b.md": "one\n"}))["a.md"]["id"]
    live = app.state.runtime.live
    real = live.read
    importing = asyncio.current_task()  # others may read as well, to write the documents' files

    async def read(document_id: str) -> Any:
        text = await real(document_id)
        if document_id == document and asyncio.current_task() is importing:
            await library.client.delete(f"/api/documents/{document}", headers=library.person.headers)
        return text

    monkeypatch.setattr(live, "read", read)
    items = await library.bring({"a.md": "two\n", "b.md": "two\n"})
    assert (items["a.md"]["status"], items["a.md"]["code"]) == ("refused", "not_found")
    assert items["b.md"]["status"] == "updated"


async def test_what_a_killed_server_left_half_noted_is_put_right(
    library: Library, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The text is replaced in one commit and noted as imported in the next; between them the server may die."""
    await library.bring({"a.md": "one\n"})

    async def die(*_: object, **__: object) -> None:
        raise RuntimeError("killed here")

    with monkeypatch.context() as patch:
        patch.setattr(queries, "mark_imported", die)
        response = await library.client.post(
            f"{library.url}/import",
            json={"documents": [{"path": "a.md", "content": "two\n"}]},
            headers=library.person.headers,
        )
        assert response.status_code == 500
    assert await library.text("a.md") == "two\n"
    assert await library.statuses({"a.md": "two\n"}) == {"a.md": "unchanged"}
    assert await library.statuses({"a.md": "three\n"}) == {"a.md": "updated"}


async def test_who_may_import(client: httpx.AsyncClient) -> None:
    team = await new_team(client)
    body = {"documents": [{"path": "a.md", "content": "x"}]}
    expected = {"owner": 200, "editor": 200, "commenter": 403, "viewer": 403, "stranger": 404}
    for who, status in expected.items():
        response = await client.post(f"{team.url}/import", json=body, headers=team.headers(who))
        assert response.status_code == status, who
    assert (await client.post(f"{team.url}/import", json=body)).status_code == 401


async def test_a_read_only_key_may_not_import(library: Library) -> None:
    headers = {}
    for scope in ("read", "write"):
        made = await library.client.post(
            "/api/keys", json={"name": scope, "scope": scope}, headers=library.person.headers
        )
        headers[scope] = {"Authorization": f"Bearer {made.json()['key']}"}
    body = {"documents": [{"path": "a.md", "content": "x"}]}
    refused = await library.client.post(f"{library.url}/import", json=body, headers=headers["read"])
    assert refused.status_code == 403
    assert await library.documents() == {}
    assert (await library.client.post(f"{library.url}/import", json=body, headers=headers["write"])).status_code == 200


async def test_rights_taken_away_half_way_end_the_import(
    client: httpx.AsyncClient, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    team = await new_team(client, "editor")
    library = Library(client, team.people["editor"], team.workspace_id)
    await library.bring({f"old/{number:03}.md": "one" for number in range(2 * service.AT_ONCE)})

    async def create_many(
        runtime: Runtime, tx: Transaction, access: WorkspaceAccess, *more: Any, **options: Any
    ) -> Any:
        made = await documents.create_many(runtime, tx, access, *more, **options)
        await delete_member(tx, access, access.user_id)
        return made

    files = [{"path": f"new/{number:03}.md", "content": "one"} for number in range(2 * service.CHUNK_FILES)]
    with monkeypatch.context() as patch:
        patch.setattr(service, "create_many", create_many)
        response = await client.post(f"{team.url}/import", json={"documents": files}, headers=library.person.headers)
    assert response.status_code == 404
    library.person = team.people["owner"]
    assert sum(path.startswith("new/") for path in await library.documents()) == service.CHUNK_FILES


async def test_rights_taken_away_between_updates_end_the_import(
    client: httpx.AsyncClient, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    team = await new_team(client, "editor")
    library = Library(client, team.people["editor"], team.workspace_id)
    paths = [f"{number:03}.md" for number in range(2 * service.AT_ONCE)]
    await library.bring(dict.fromkeys(paths, "one"))

    async def record_text(tx: Transaction, *more: Any, **options: Any) -> None:
        await documents.record_text(tx, *more, **options)
        access = WorkspaceAccess(team.workspace_id, library.person.id, "editor", Right.WRITE)
        await delete_member(tx, access, library.person.id)

    files = [{"path": path, "content": "two"} for path in paths]
    with monkeypatch.context() as patch:
        patch.setattr(service, "record_text", record_text)
        response = await client.post(f"{team.url}/import", json={"documents": files}, headers=library.person.headers)
    assert response.status_code == 404
    library.person = team.people["owner"]
    assert [await library.text(path) for path in paths] == ["two"] * service.AT_ONCE + ["one"] * service.AT_ONCE
