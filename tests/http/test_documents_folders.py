"""Folders: moved and deleted as a whole, or not at all."""

import httpx
import pytest
from fastapi import FastAPI

from mdreader.features.documents.service import NewDocument, create_many
from mdreader.features.workspaces.access import Right, require_workspace
from mdreader.kernel.actor import Actor
from mdreader.kernel.events import DocumentsRemoved, Event
from support.http import Person, new_document, new_workspace, signed_up


class Tree:
    """The documents of a workspace, each with its path at first for a text."""

    def __init__(self, client: httpx.AsyncClient, person: Person, workspace_id: str) -> None:
        self.client = client
        self.person = person
        self.url = f"/api/workspaces/{workspace_id}"

    async def plant(self, *paths: str) -> list[str]:
        workspace_id = self.url.rpartition("/")[2]
        return [await new_document(self.client, self.person, workspace_id, path, path) for path in paths]

    async def post(self, where: str, /, **body: object) -> httpx.Response:
        return await self.client.post(f"{self.url}/{where}", json=body, headers=self.person.headers)

    async def move(self, from_path: str, to_path: str) -> httpx.Response:
        return await self.post("folders/move", from_path=from_path, to_path=to_path)

    async def texts(self) -> dict[str, str]:
        """Path to text of every document."""
        listed = (await self.client.get(f"{self.url}/documents?limit=1000", headers=self.person.headers)).json()
        found = {}
        for item in listed["items"]:
            read = await self.client.get(f"/api/documents/{item['id']}/content", headers=self.person.headers)
            found[item["path"]] = read.text
        return found


@pytest.fixture
async def tree(client: httpx.AsyncClient) -> Tree:
    ada = await signed_up(client, name="Ada")
    return Tree(client, ada, await new_workspace(client, ada))


async def test_everything_inside_moves(tree: Tree) -> None:
    await tree.plant("a/1.md", "a/b/2.md", "a/b/c/3.md", "ab/4.md", "a.md", "a0/5.md")
    response = await tree.move("a", "x/y")
    assert response.status_code == 200
    assert response.json() == {"moved": 3}
    assert await tree.texts() == {
        "a.md": "a.md",
        "a0/5.md": "a0/5.md",
        "ab/4.md": "ab/4.md",
        "x/y/1.md": "a/1.md",
        "x/y/b/2.md": "a/b/2.md",
        "x/y/b/c/3.md": "a/b/c/3.md",
    }


async def test_a_folder_moves_into_one_that_exists(tree: Tree) -> None:
    await tree.plant("a/1.md", "a/s/2.md", "b/3.md", "b/s/4.md")
    assert (await tree.move("a", "b")).json() == {"moved": 2}
    assert sorted(await tree.texts()) == ["b/1.md", "b/3.md", "b/s/2.md", "b/s/4.md"]


async def test_all_or_nothing(tree: Tree) -> None:
    await tree.plant("a/1.md", "a/2.md", "a/3", "a/4/x.md", "b/2.md", "b/3/deep.md", "b/4")
    before = await tree.texts()
    response = await tree.move("a", "b")
    assert response.status_code == 409
    problem = response.json()
    assert problem["code"] == "path_taken"
    assert {(item["path"], item["code"]) for item in problem["conflicts"]} == {
        ("b/2.md", "path_taken"),
        ("b/3", "path_is_folder"),
        ("b/4/x.md", "path_taken"),
    }
    assert await tree.texts() == before


async def test_a_folder_cannot_stand_below_a_document(tree: Tree) -> None:
    await tree.plant("a/1.md", "notes")
    assert (await tree.move("a", "notes")).json()["code"] == "path_taken"
    assert (await tree.move("a", "notes/deep")).json()["code"] == "path_taken"
    assert sorted(await tree.texts()) == ["a/1.md", "notes"]


async def test_a_folder_moves_out_of_one_with_its_own_name(tree: Tree) -> None:
    # Each of them takes the place that another one leaves.
    await tree.plant("a/a/x.md", "a/a/a/x.md", "a/a/a/a/x.md", "a/a/b", "a/y.md")
    assert (await tree.move("a/a", "a")).json() == {"moved": 4}
    assert await tree.texts() == {
        "a/a/a/x.md": "a/a/a/a/x.md",
        "a/a/x.md": "a/a/a/x.md",
        "a/b": "a/a/b",
        "a/x.md": "a/a/x.md",
        "a/y.md": "a/y.md",
    }


async def test_what_leaves_is_in_nobodys_way(tree: Tree) -> None:
    # a/b/b becomes the document a/b, where the folder a/b was; nothing of that folder stays.
    await tree.plant("a/b/b")
    assert (await tree.move("a/b", "a")).json() == {"moved": 1}
    assert await tree.texts() == {"a/b": "a/b/b"}


async def test_a_folder_does_not_move_into_itself(tree: Tree) -> None:
    await tree.plant("a/1.md")
    response = await tree.move("a", "a/b")
    assert (response.status_code, response.json()["code"]) == (422, "folder_into_itself")
    assert (await tree.move("a", "a")).json() == {"moved": 0}
    assert (await tree.move("a", "A")).json() == {"moved": 1}
    assert sorted(await tree.texts()) == ["A/1.md"]


async def test_a_folder_that_is_none(tree: Tree) -> None:
    ids = await tree.plant("a.md", "gone/1.md")
    await tree.client.delete(f"/api/documents/{ids[1]}", headers=tree.person.headers)
    for folder in ("a.md", "gone", "unknown"):
        moved = await tree.move(folder, "b")
        assert (moved.status_code, moved.json()["code"]) == (404, "folder_not_found")
        deleted = await tree.post("folders/delete", path=folder)
        assert (deleted.status_code, deleted.json()["code"]) == (404, "folder_not_found")


async def test_a_path_that_becomes_too_long_moves_nothing(tree: Tree) -> None:
    await tree.plant("a/1.md", "a/" + "/".join("d" * 30))
    response = await tree.move("a", "x/y/z")
    assert (response.status_code, response.json()["code"]) == (422, "invalid_path")
    assert len([path for path in await tree.texts() if path.startswith("a/")]) == 2


async def test_deleting_and_undoing(tree: Tree, app: FastAPI) -> None:
    heard: list[Event] = []
    app.state.runtime.fanout.subscribe(heard.append)
    ids = await tree.plant("a/1.md", "a/b/2.md", "ab.md", "c.md")
    before = await tree.texts()
    response = await tree.post("folders/delete", path="a")
    assert response.status_code == 200
    assert response.json() == {"document_ids": ids[:2]}
    assert heard == [DocumentsRemoved(document_ids=tuple(ids[:2]))]
    assert sorted(await tree.texts()) == ["ab.md", "c.md"]
    undone = await tree.post("documents/restore", document_ids=ids[:2])
    assert [item["id"] for item in undone.json()["items"]] == ids[:2]
    assert undone.json()["conflicts"] == []
    assert await tree.texts() == before


async def test_undoing_what_got_in_its_own_way_since(tree: Tree) -> None:
    ids = await tree.plant("a/1.md", "a/2.md")
    await tree.post("folders/delete", path="a")
    await tree.plant("a/1.md")
    undone = (await tree.post("documents/restore", document_ids=ids)).json()
    assert [item["path"] for item in undone["items"]] == ["a/2.md"]
    assert [(item["document_id"], item["code"]) for item in undone["conflicts"]] == [(ids[0], "path_taken")]


async def test_a_folder_of_thousands(tree: Tree, app: FastAPI) -> None:
    runtime = app.state.runtime
    actor = Actor(tree.person.id, tree.person.name, tree.person.email)
    items = [NewDocument(f"big/{number % 50}/{number}.md", f"# {number}") for number in range(2500)]
    async with runtime.database.write() as tx:
        access = await require_workspace(tx.conn, actor, tree.url.rpartition("/")[2], Right.WRITE)
        await create_many(runtime, tx, access, items)
    assert (await tree.move("big", "moved/here")).json() == {"moved": 2500}
    ids = (await tree.post("folders/delete", path="moved")).json()["document_ids"]
    assert len(ids) == 2500
    undone = (await tree.post("documents/restore", document_ids=ids)).json()
    assert len(undone["items"]) == 2500
