"""Documents: make, list, read, move, delete, restore."""

from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from mdreader.kernel.events import DocumentsRemoved, Event
from mdreader.kernel.paging import encode_cursor
from support.http import Person, new_document, new_workspace
from support.team import post_raw


async def create(client: httpx.AsyncClient, ada: Person, url: str, path: str, content: str = "") -> httpx.Response:
    return await client.post(f"{url}/documents", json={"path": path, "content": content}, headers=ada.headers)


async def paths(client: httpx.AsyncClient, ada: Person, url: str) -> list[str]:
    response = await client.get(f"{url}/documents?limit=1000", headers=ada.headers)
    assert response.status_code == 200
    return [item["path"] for item in response.json()["items"]]


async def test_a_document_is_what_was_sent(client: httpx.AsyncClient, ada: Person, url: str) -> None:
    response = await create(client, ada, url, "guides/setup.md", "# Set it up\n\nGrüße")
    assert response.status_code == 201
    made = response.json()
    assert made["path"] == "guides/setup.md"
    assert made["title"] == "Set it up"
    assert made["size"] == len("# Set it up\n\nGrüße".encode())
    assert url.endswith(made["workspace_id"])
    assert made["created_at"] == made["updated_at"]

    response = await client.get(f"/api/documents/{made['id']}", headers=ada.headers)
    assert response.status_code == 200
    read = response.json()
    assert response.headers["etag"].startswith('"')
    assert read.pop("content") == "# Set it up\n\nGrüße"
    assert read.pop("role") == "owner"
    assert read.pop("eol") == "lf"
    assert read.pop("epoch")
    assert read == made
    listed = (await client.get(f"{url}/documents", headers=ada.headers)).json()
    assert listed == {"items": [made], "next_cursor": None}


async def test_a_title_without_heading_follows_the_path(client: httpx.AsyncClient, ada: Person, url: str) -> None:
    plain = (await create(client, ada, url, "plain.md", "no heading")).json()
    headed = (await create(client, ada, url, "headed.md", "# headed")).json()
    assert plain["title"] == "plain"
    for made, title in ((plain, "moved"), (headed, "headed")):
        path = f"{made['title']}/moved.md"
        moved = await client.patch(f"/api/documents/{made['id']}", json={"path": path}, headers=ada.headers)
        assert moved.json()["title"] == title


@pytest.mark.parametrize(
    "path",
    ["", "/a.md", "a/", "a//b", "../a", "a/./b", "a\\b", "nul\0.md", "half \ud800.md", "x" * 300, "a/" * 40 + "b"],
)
async def test_a_path_that_cannot_be_is_refused(client: httpx.AsyncClient, ada: Person, url: str, path: str) -> None:
    kept = (await create(client, ada, url, "kept.md")).json()["id"]
    for target, body in (
        (f"{url}/documents", {"path": path, "content": ""}),
        (f"{url}/folders/move", {"from_path": "a", "to_path": path}),
        (f"{url}/folders/move", {"from_path": path, "to_path": "a"}),
        (f"{url}/folders/delete", {"path": path}),
        (f"/api/documents/{kept}/restore", {"path": path}),
    ):
        response = await post_raw(client, target, body, ada.headers)
        assert response.status_code == 422, target
        assert response.json()["code"] in {"invalid_path", "invalid_input"}
    assert await paths(client, ada, url) == ["kept.md"]


async def test_accents_are_one_path_however_they_are_spelled(client: httpx.AsyncClient, ada: Person, url: str) -> None:
    assert (await create(client, ada, url, "caf\u00e9.md")).status_code == 201
    again = await create(client, ada, url, "cafe\u0301.md")
    assert again.status_code == 409
    assert await paths(client, ada, url) == ["caf\u00e9.md"]


async def test_a_path_holds_one_document(client: httpx.AsyncClient, ada: Person, url: str) -> None:
    first = (await create(client, ada, url, "a/b.md", "first")).json()
    again = await create(client, ada, url, "a/b.md", "second")
    assert again.status_code == 409
    assert again.json()["code"] == "path_taken"
    assert again.json()["document_id"] == first["id"]
    below = await create(client, ada, url, "a/b.md/c.md")
    assert (below.status_code, below.json()["code"]) == (409, "path_taken")
    folder = await create(client, ada, url, "a")
    assert (folder.status_code, folder.json()["code"]) == (409, "path_is_folder")
    # What only looks alike is free.
    for path in ("a/b.md0", "a/b.mdx", "a/B.md", "a.md", "a0"):
        assert (await create(client, ada, url, path)).status_code == 201
    assert await paths(client, ada, url) == ["a.md", "a/B.md", "a/b.md", "a/b.md0", "a/b.mdx", "a0"]


async def test_the_same_path_in_another_workspace_is_free(client: httpx.AsyncClient, ada: Person, url: str) -> None:
    other = f"/api/workspaces/{await new_workspace(client, ada, 'Other')}"
    await create(client, ada, url, "a/b.md")
    assert (await create(client, ada, other, "a/b.md")).status_code == 201
    assert (await create(client, ada, other, "a/b.md/c")).status_code == 409


async def test_each_change_takes_a_higher_revision(client: httpx.AsyncClient, ada: Person, url: str) -> None:
    made = (await create(client, ada, url, "a.md")).json()
    at = f"/api/documents/{made['id']}"
    revs = [made["rev"], (await create(client, ada, url, "b.md")).json()["rev"]]
    put = await client.put(f"{at}/content", content="new", headers={**ada.headers, "If-Match": "*"})
    revs.append(put.json()["rev"])
    revs.append((await client.patch(at, json={"path": "c.md"}, headers=ada.headers)).json()["rev"])
    await client.delete(at, headers=ada.headers)
    trash = (await client.get(f"{url}/trash", headers=ada.headers)).json()
    revs.append(trash["items"][0]["rev"])
    revs.append((await client.post(f"{at}/restore", headers=ada.headers)).json()["rev"])
    assert revs == sorted(set(revs))


# ---- lists ----


async def test_pages_have_everything_once_in_the_order_of_bytes(
    client: httpx.AsyncClient, ada: Person, url: str
) -> None:
    made = ["z.md", "a/b.md", "a.md", "B.md", "é.md", "🦊.md", "\uffee.md", "a/a/a.md"]
    for path in made:
        await create(client, ada, url, path)
    seen: list[str] = []
    cursor = ""
    for _ in range(len(made)):
        page = (await client.get(f"{url}/documents?limit=3{cursor}", headers=ada.headers)).json()
        assert 0 < len(page["items"]) <= 3
        seen += [item["path"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == sorted(made, key=lambda path: path.encode())


async def test_pages_stay_true_while_documents_come_and_go(client: httpx.AsyncClient, ada: Person, url: str) -> None:
    ids = {path: (await create(client, ada, url, path)).json()["id"] for path in ("b.md", "d.md", "f.md", "h.md")}
    first = (await client.get(f"{url}/documents?limit=2", headers=ada.headers)).json()
    assert [item["path"] for item in first["items"]] == ["b.md", "d.md"]
    await create(client, ada, url, "a.md")  # before: does not push anything over the border
    await create(client, ada, url, "e.md")  # behind: comes with the next page
    await client.delete(f"/api/documents/{ids['d.md']}", headers=ada.headers)  # what the cursor stands at
    second = (await client.get(f"{url}/documents?limit=2&cursor={first['next_cursor']}", headers=ada.headers)).json()
    assert [item["path"] for item in second["items"]] == ["e.md", "f.md"]


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=1001",
        "limit=x",
        "cursor=x",
        "cursor=%F0%9F%A6%8A",
        f"cursor={encode_cursor(1)}",
        f"cursor={encode_cursor('a', 'b')}",
        f"cursor={encode_cursor(chr(0xD800))}",
        "cursor=" + "A" * 9000,
    ],
)
async def test_a_page_that_cannot_be_is_refused(client: httpx.AsyncClient, ada: Person, url: str, query: str) -> None:
    response = await client.get(f"{url}/documents?{query}", headers=ada.headers)
    assert response.status_code == 422
    assert response.json()["code"] == "invalid_input"


# ---- move ----


async def move(client: httpx.AsyncClient, ada: Person, document_id: str, path: str) -> httpx.Response:
    return await client.patch(f"/api/documents/{document_id}", json={"path": path}, headers=ada.headers)


async def test_a_document_moves_with_its_text(client: httpx.AsyncClient, ada: Person, url: str) -> None:
    made = (await create(client, ada, url, "a.md", "# Text")).json()
    response = await move(client, ada, made["id"], "deep/er/b.md")
    assert response.status_code == 200
    assert response.json()["path"] == "deep/er/b.md"
    read = (await client.get(f"/api/documents/{made['id']}", headers=ada.headers)).json()
    assert (read["path"], read["content"]) == ("deep/er/b.md", "# Text")
    assert (await create(client, ada, url, "a.md")).status_code == 201


async def test_moving_into_the_way_of_another_is_refused(client: httpx.AsyncClient, ada: Person, url: str) -> None:
    made = (await create(client, ada, url, "a.md")).json()
    await create(client, ada, url, "folder/b.md")
    for path, code in (
        ("folder/b.md", "path_taken"),
        ("folder/b.md/c.md", "path_taken"),
        ("folder", "path_is_folder"),
        ("../x", "invalid_path"),
    ):
        response = await move(client, ada, made["id"], path)
        assert response.json()["code"] == code
    assert await paths(client, ada, url) == ["a.md", "folder/b.md"]


async def test_a_document_is_not_in_its_own_way(client: httpx.AsyncClient, ada: Person, url: str) -> None:
    made = (await create(client, ada, url, "notes")).json()
    for path in ("notes/notes.md", "notes", "notes", "Notes"):
        response = await move(client, ada, made["id"], path)
        assert response.status_code == 200, path
        assert response.json()["path"] == path


# ---- delete and restore ----


async def test_what_is_deleted_is_gone_and_can_come_back(
    client: httpx.AsyncClient, app: FastAPI, ada: Person, url: str
) -> None:
    heard: list[Event] = []
    app.state.runtime.fanout.subscribe(heard.append)
    made = (await create(client, ada, url, "a.md", "kept\r\n")).json()
    at = f"/api/documents/{made['id']}"
    assert (await client.delete(at, headers=ada.headers)).status_code == 204
    assert heard == [DocumentsRemoved(document_ids=(made["id"],))]
    for method, target, options in (
        ("GET", at, {}),
        ("GET", f"{at}/content", {}),
        ("DELETE", at, {}),
        ("PATCH", at, {"json": {"path": "b.md"}}),
        ("PUT", f"{at}/content", {"content": "x", "headers": {**ada.headers, "If-Match": "*"}}),
        ("POST", f"{at}/ticket", {}),
    ):
        arguments: dict[str, Any] = {"headers": ada.headers, **options}
        assert (await client.request(method, target, **arguments)).status_code == 404, (method, target)
    assert await paths(client, ada, url) == []
    (buried,) = (await client.get(f"{url}/trash", headers=ada.headers)).json()["items"]
    assert (buried["id"], buried["path"]) == (made["id"], "a.md")
    assert buried["deleted_at"] >= made["created_at"]

    response = await client.post(f"{at}/restore", headers=ada.headers)
    assert response.status_code == 200
    assert response.json()["path"] == "a.md"
    assert (await client.get(f"{at}/content", headers=ada.headers)).content == b"kept\r\n"
    assert (await client.get(f"{url}/trash", headers=ada.headers)).json() == {"items": [], "next_cursor": None}


async def test_a_deleted_document_does_not_hold_its_path(client: httpx.AsyncClient, ada: Person, url: str) -> None:
    old = await new_document(client, ada, url.rpartition("/")[2], "a.md", "old")
    await client.delete(f"/api/documents/{old}", headers=ada.headers)
    new = (await create(client, ada, url, "a.md", "new")).json()
    restore = f"/api/documents/{old}/restore"
    taken = await client.post(restore, headers=ada.headers)
    assert taken.status_code == 409
    assert taken.json()["code"] == "path_taken"
    assert taken.json()["document_id"] == new["id"]
    for path, code in (("a.md/x.md", "path_taken"), ("a/../b", "invalid_path")):
        response = await client.post(restore, json={"path": path}, headers=ada.headers)
        assert response.json()["code"] == code
    elsewhere = await client.post(restore, json={"path": "back/a.md"}, headers=ada.headers)
    assert elsewhere.status_code == 200
    assert elsewhere.json()["path"] == "back/a.md"
    assert await paths(client, ada, url) == ["a.md", "back/a.md"]


async def test_a_document_cannot_come_back_where_a_folder_is_now(
    client: httpx.AsyncClient, ada: Person, url: str
) -> None:
    old = (await create(client, ada, url, "a", "old")).json()["id"]
    await client.delete(f"/api/documents/{old}", headers=ada.headers)
    await create(client, ada, url, "a/b.md")
    response = await client.post(f"/api/documents/{old}/restore", headers=ada.headers)
    assert (response.status_code, response.json()["code"]) == (409, "path_is_folder")


async def test_restoring_twice_is_as_restoring_once(client: httpx.AsyncClient, ada: Person, url: str) -> None:
    made = (await create(client, ada, url, "a.md")).json()
    restore = f"/api/documents/{made['id']}/restore"
    for body in (None, {"path": "a.md"}, {"path": None}):
        response = await client.post(restore, json=body, headers=ada.headers)
        assert response.status_code == 200
        assert response.json() == made
    elsewhere = await client.post(restore, json={"path": "b.md"}, headers=ada.headers)
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (409, "not_deleted")


async def test_the_trash_has_pages_the_newest_first(client: httpx.AsyncClient, ada: Person, url: str) -> None:
    ids = [(await create(client, ada, url, f"{number}.md")).json()["id"] for number in range(5)]
    for document_id in ids:
        await client.delete(f"/api/documents/{document_id}", headers=ada.headers)
    seen: list[str] = []
    cursor = ""
    for _ in ids:
        page = (await client.get(f"{url}/trash?limit=2{cursor}", headers=ada.headers)).json()
        seen += [item["id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == ids[::-1]
    for bad in (encode_cursor("a", 1), encode_cursor(1 << 70, "a"), "x"):
        response = await client.get(f"{url}/trash?cursor={bad}", headers=ada.headers)
        assert response.status_code == 422


async def test_the_same_path_can_be_in_the_trash_many_times(client: httpx.AsyncClient, ada: Person, url: str) -> None:
    ids = []
    for text in ("one", "two", "three"):
        ids.append((await create(client, ada, url, "a.md", text)).json()["id"])
        await client.delete(f"/api/documents/{ids[-1]}", headers=ada.headers)
    response = await client.post(f"{url}/documents/restore", json={"document_ids": ids}, headers=ada.headers)
    assert response.status_code == 200
    body = response.json()
    assert [item["id"] for item in body["items"]] == ids[:1]
    assert [(item["document_id"], item["path"], item["code"]) for item in body["conflicts"]] == [
        (document_id, "a.md", "path_taken") for document_id in ids[1:]
    ]
    assert await paths(client, ada, url) == ["a.md"]


async def test_restoring_many_says_what_became_of_each(client: httpx.AsyncClient, ada: Person, url: str) -> None:
    deleted = (await create(client, ada, url, "deleted.md")).json()["id"]
    alive = (await create(client, ada, url, "alive.md")).json()["id"]
    other = await new_workspace(client, ada, "Other")
    elsewhere = await new_document(client, ada, other, "elsewhere.md")
    for document_id in (deleted, elsewhere):
        await client.delete(f"/api/documents/{document_id}", headers=ada.headers)
    unknown = "01a1fc80-41af-7a46-a789-f6285318f33c"
    body = {"document_ids": [deleted, deleted, alive, elsewhere, unknown]}
    response = await client.post(f"{url}/documents/restore", json=body, headers=ada.headers)
    assert [item["id"] for item in response.json()["items"]] == [deleted, alive]
    assert [(item["document_id"], item["code"]) for item in response.json()["conflicts"]] == [
        (elsewhere, "not_found"),
        (unknown, "not_found"),
    ]
    assert (await client.get(f"/api/documents/{elsewhere}", headers=ada.headers)).status_code == 404


@pytest.mark.parametrize("document_id", ["x", "", "half \ud800", "nul\0", "x" * 36])
async def test_ids_to_restore_are_ids(client: httpx.AsyncClient, ada: Person, url: str, document_id: str) -> None:
    response = await post_raw(client, f"{url}/documents/restore", {"document_ids": [document_id]}, ada.headers)
    assert response.status_code == 422


@pytest.mark.parametrize("document_id", ["x", "%00", "01a1fc80-41af-7a46-a789-f6285318f33c", "x" * 3000])
async def test_an_id_that_is_none_is_not_found(client: httpx.AsyncClient, ada: Person, document_id: str) -> None:
    for method, path in (("GET", ""), ("HEAD", ""), ("GET", "/content"), ("DELETE", ""), ("POST", "/ticket")):
        response = await client.request(method, f"/api/documents/{document_id}{path}", headers=ada.headers)
        assert response.status_code == 404, (method, path)


async def test_asking_for_an_unchanged_list_costs_no_list(client: httpx.AsyncClient, ada: Person, url: str) -> None:
    first = await client.get(f"{url}/documents", headers=ada.headers)
    known = {**ada.headers, "If-None-Match": first.headers["etag"]}
    again = await client.get(f"{url}/documents", headers=known)
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    await create(client, ada, url, "new.md")
    changed = await client.get(f"{url}/documents", headers=known)
    assert changed.status_code == 200
    assert changed.headers["etag"] != first.headers["etag"]
    assert [item["path"] for item in changed.json()["items"]] == ["new.md"]
