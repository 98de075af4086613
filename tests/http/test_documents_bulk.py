"""What other features build on: many documents at once, and the books about a text."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from fastapi import FastAPI

from mdreader.db.engine import Transaction
from mdreader.features.documents import queries, service
from mdreader.features.documents.access import require_document
from mdreader.features.documents.etags import parse_condition
from mdreader.features.documents.records import Document
from mdreader.features.documents.service import NewDocument, create_many
from mdreader.features.workspaces.access import Right, WorkspaceAccess, require_workspace
from mdreader.kernel.actor import Actor
from mdreader.kernel.errors import AppError
from mdreader.runtime import Runtime
from support.http import Person, new_document, new_workspace, signed_up


class House:
    """A workspace, used from inside."""

    def __init__(self, runtime: Runtime, person: Person, workspace_id: str) -> None:
        self.runtime = runtime
        self.actor = Actor(person.id, person.name, person.email)
        self.workspace_id = workspace_id

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[tuple[Transaction, WorkspaceAccess]]:
        async with self.runtime.database.write() as tx:
            yield tx, await require_workspace(tx.conn, self.actor, self.workspace_id, Right.WRITE)

    async def create(self, *items: tuple[str, str], imported: bool = False) -> list[Document | AppError]:
        async with self.writing() as (tx, access):
            new = [NewDocument(path, text) for path, text in items]
            return await create_many(self.runtime, tx, access, new, imported=imported)

    async def get(self, document_id: str) -> Document:
        async with self.runtime.database.read() as conn:
            return (await require_document(conn, self.actor, document_id, Right.READ)).document


@pytest.fixture
async def house(client: httpx.AsyncClient, app: FastAPI) -> House:
    ada = await signed_up(client, name="Ada")
    return House(app.state.runtime, ada, await new_workspace(client, ada))


def outcome(results: list[Document | AppError]) -> list[str]:
    return [result.path if isinstance(result, Document) else result.code for result in results]


async def test_each_item_has_its_own_result_in_order(house: House) -> None:
    await house.create(("there.md", "x"), ("folder/x.md", "x"))
    results = await house.create(
        ("a.md", "# A"),
        ("there.md", "x"),
        ("b/../c.md", "x"),
        ("a.md", "twice"),
        ("a.md/below.md", "x"),
        ("folder", "x"),
        ("new/x.md", "x"),
        ("new", "x"),
        ("nul.md", "\0"),
        ("large.md", "x" * 5_000_001),
        ("cafe\u0301.md", "é"),
    )
    assert outcome(results) == [
        "a.md",
        "path_taken",
        "invalid_path",
        "path_taken",
        "path_taken",
        "path_is_folder",
        "new/x.md",
        "path_is_folder",
        "invalid_text",
        "too_large",
        "café.md",
    ]
    made = [result for result in results if isinstance(result, Document)]
    assert len({document.rev for document in made}) == 1
    for document, text in zip(made, ("# A", "x", "é"), strict=True):
        assert (await house.runtime.live.read(document.id)).text == text
        assert await house.get(document.id) == document


async def test_nothing_to_make(house: House) -> None:
    assert await house.create() == []
    assert outcome(await house.create(("..", "x"))) == ["invalid_path"]


async def test_an_import_remembers_what_it_brought(house: House) -> None:
    (document,) = await house.create(("a.md", "text"), imported=True)
    assert isinstance(document, Document)
    live = await house.runtime.live.read(document.id)
    assert (await house.get(document.id)).imported_etag == live.etag

    async with house.runtime.database.read() as conn:
        access = await require_document(conn, house.actor, document.id, Right.WRITE)
    _, edited = await service.write_text(house.runtime, access, "edited", parse_condition("*"))
    assert (await house.get(document.id)).imported_etag == live.etag != edited.etag
    async with house.writing() as (tx, workspace):
        await queries.mark_imported(tx, workspace, {document.id: edited.etag})
    assert (await house.get(document.id)).imported_etag == edited.etag


async def test_finding_by_paths(house: House) -> None:
    made = await house.create(*((f"{number}.md", "x") for number in range(1200)))
    async with house.writing() as (tx, access):
        found = await queries.find_by_paths(tx.conn, access, [f"{number}.md" for number in range(2400)])
        assert found == {document.path: document for document in made if isinstance(document, Document)}
        assert await queries.find_by_paths(tx.conn, access, []) == {}


async def test_a_failure_makes_nothing(house: House, client: httpx.AsyncClient) -> None:
    async def fail() -> None:
        async with house.writing() as (tx, access):
            await create_many(house.runtime, tx, access, [NewDocument("a.md", "x")])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    async with house.writing() as (tx, access):
        assert await queries.list_page(tx.conn, access, after="", limit=10) == []


async def test_recording_a_text(house: House) -> None:
    (document,) = await house.create(("a.md", "text"))
    assert isinstance(document, Document)
    at = document.updated_at + 5000
    for user_id in (house.actor.user_id, None):
        async with house.runtime.database.write() as tx:
            await service.record_text(tx, document.id, text="# New\r\n", size=7, user_id=user_id, at=at)
        recorded = await house.get(document.id)
        assert (recorded.title, recorded.size, recorded.updated_at) == ("New", 7, at)
        assert recorded.rev > document.rev
        document = recorded


async def test_recording_a_text_of_nothing_does_nothing(house: House) -> None:
    async with house.runtime.database.write() as tx:
        await service.record_text(tx, "unknown", text="x", size=1, user_id=None, at=1)


async def test_recording_does_not_bring_back_what_was_deleted(house: House, client: httpx.AsyncClient) -> None:
    (document,) = await house.create(("a.md", "text"))
    assert isinstance(document, Document)
    async with house.writing() as (tx, access):
        await service.delete_documents(house.runtime, tx, access, [document.id])
    async with house.runtime.database.write() as tx:
        await service.record_text(tx, document.id, text="later", size=5, user_id=house.actor.user_id, at=1)
    async with house.writing() as (tx, access):
        assert await queries.list_page(tx.conn, access, after="", limit=10) == []
        (buried,) = await queries.list_trash(tx.conn, access, before=None, limit=10)
    assert (buried.size, buried.deleted_at is not None) == (5, True)


async def test_ids_of_another_workspace_touch_nothing(house: House, client: httpx.AsyncClient) -> None:
    stranger = await signed_up(client)
    theirs = await new_document(client, stranger, await new_workspace(client, stranger), "a.md", "theirs")
    async with house.writing() as (tx, access):
        assert await queries.find_by_ids(tx.conn, access, [theirs]) == {}
        await queries.bury(tx, access, [theirs], rev=99, at=1)
        await queries.put_at(tx, access, {theirs: "stolen.md"}, rev=99, at=1)
        await queries.revive(tx, access, {theirs: "stolen.md"}, rev=99)
        await queries.mark_imported(tx, access, {theirs: "x"})
    read = (await client.get(f"/api/documents/{theirs}", headers=stranger.headers)).json()
    assert (read["path"], read["content"]) == ("a.md", "theirs")
    assert read["rev"] != 99
