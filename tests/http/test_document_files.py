"""Each document as plain Markdown among the files: exact, soon, and gone when the document is."""

import asyncio
import shutil
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from mdreader.adapters.aws import Aws
from mdreader.features.collab.projection import Projector
from mdreader.features.documents.files import COMPLETE, file_key, mark_files
from mdreader.kernel.errors import UnavailableError
from mdreader.main import create_app
from mdreader.settings import Settings
from support.aws import REGION
from support.http import Person, connect, new_document, new_workspace, signed_up

EXACT = "\ufeff---\r\ntitle: x\r\n---\r\n* odd\r\n\r\n   - list 🙂\r\nno final newline"


class Files:
    """A workspace and its files; `settle` lets the job run that is waiting for things to fall quiet."""

    def __init__(self, app: FastAPI, client: httpx.AsyncClient, owner: Person, workspace: str) -> None:
        self.runtime: Any = app.state.runtime
        self.client = client
        self.owner = owner
        self.workspace = workspace

    async def create(self, path: str, content: str) -> str:
        return await new_document(self.client, self.owner, self.workspace, path, content)

    async def put(self, document_id: str, content: str) -> None:
        headers = {**self.owner.headers, "If-Match": "*", "Content-Type": "text/markdown"}
        answer = await self.client.put(f"/api/documents/{document_id}/content", content=content, headers=headers)
        assert answer.status_code == 200, answer.text
        # As when it has been quiet for two seconds: that marks it.
        room = await self.runtime.live.get(document_id)
        await Projector(self.runtime.database, self.runtime.clock, self.runtime.jobs).project([room])

    async def content(self, document_id: str) -> bytes | None:
        key = file_key(self.workspace, document_id)
        if await self.runtime.blobs.size(key) is None:
            return None
        return b"".join([piece async for piece in self.runtime.blobs.read(key)])

    async def due(self) -> None:
        async with self.runtime.database.write() as tx:
            await tx.conn.execute(
                text("UPDATE jobs SET due_at = 0 WHERE kind = 'documents.files' AND state = 'waiting'")
            )
        self.runtime.jobs.bell.ring()

    async def settle(self) -> None:
        async with asyncio.timeout(60):
            while await self.marks():
                await self.due()
                await asyncio.sleep(0.02)

    async def becomes(self, document_id: str, content: bytes | None) -> None:
        async with asyncio.timeout(60):
            while await self.content(document_id) != content:
                await self.due()
                await asyncio.sleep(0.02)

    async def marks(self) -> int:
        async with self.runtime.database.read() as conn:
            return int(await conn.scalar(text("SELECT count(*) FROM document_file_marks")))


@pytest.fixture
async def files(app: FastAPI, client: httpx.AsyncClient) -> Files:
    owner = await signed_up(client)
    return Files(app, client, owner, await new_workspace(client, owner))


async def test_a_document_lies_there_byte_for_byte(files: Files) -> None:
    document = await files.create("notes.md", EXACT)
    assert await files.content(document) is None  # not before it fell quiet
    await files.settle()
    assert await files.content(document) == EXACT.encode()
    lies = files.runtime.data / "blobs" / "documents" / files.workspace / f"{document}.md"
    assert await asyncio.to_thread(Path(lies).read_bytes) == EXACT.encode()


async def test_many_changes_are_written_as_one(files: Files) -> None:
    document = await files.create("notes.md", "0")
    for number in range(1, 6):
        await files.put(document, str(number))
    async with files.runtime.database.read() as conn:
        waiting = await conn.scalar(
            text("SELECT count(*) FROM jobs WHERE kind = 'documents.files' AND state = 'waiting'")
        )
    assert (waiting, await files.marks()) == (1, 1)
    await files.settle()
    assert await files.content(document) == b"5"


async def test_a_deleted_document_has_no_file_and_a_restored_one_has_it_again(files: Files) -> None:
    document = await files.create("notes.md", "text")
    await files.settle()
    path = f"/api/documents/{document}"
    assert (await files.client.delete(path, headers=files.owner.headers)).status_code in {200, 204}
    await files.settle()
    assert await files.content(document) is None
    restored = await files.client.post(f"{path}/restore", json={}, headers=files.owner.headers)
    assert restored.status_code == 200, restored.text
    await files.settle()
    assert await files.content(document) == b"text"


async def test_a_deleted_workspace_has_no_files_and_a_restored_one_has_them_again(files: Files) -> None:
    document = await files.create("notes.md", "text")
    await files.settle()
    path = f"/api/workspaces/{files.workspace}"
    assert (await files.client.delete(path, headers=files.owner.headers)).status_code == 204
    await files.becomes(document, None)
    restored = await files.client.post(f"{path}/restore", headers=files.owner.headers)
    assert restored.status_code == 200, restored.text
    await files.becomes(document, b"text")


async def test_what_changes_while_it_is_written_is_written_again(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    document = await files.create("notes.md", "old")
    real = files.runtime.blobs.put
    changed = asyncio.Event()

    async def put(key: str, data: bytes, *, content_type: str) -> None:
        if not changed.is_set():
            changed.set()
            await files.put(document, "new")
        await real(key, data, content_type=content_type)

    monkeypatch.setattr(files.runtime.blobs, "put", put)
    await files.settle()
    assert await files.content(document) == b"new"


async def test_a_change_at_the_end_of_the_job_is_not_forgotten(files: Files) -> None:
    """Each change comes when the job has just cleared the marks, and may not have ended yet."""
    document = await files.create("notes.md", "0")
    for number in range(1, 8):
        await files.settle()
        assert await files.content(document) == str(number - 1).encode()
        await files.put(document, str(number))


async def test_a_new_place_gets_every_document(files: Files) -> None:
    kept, gone = await files.create("a.md", EXACT), await files.create("b.md", "b")
    await files.settle()
    await files.client.delete(f"/api/documents/{gone}", headers=files.owner.headers)
    await files.settle()
    shutil.rmtree(files.runtime.data / "blobs")  # as if another bucket had been chosen
    for _ in range(2):  # the second time nothing is to be done
        async with files.runtime.database.write() as tx:
            await files.runtime.jobs.enqueue(tx, "documents.check_files", {})
        async with asyncio.timeout(60):
            while await files.runtime.blobs.size(COMPLETE) is None:  # noqa: ASYNC110 - a job does it
                await asyncio.sleep(0.01)
        await files.settle()
        assert (await files.content(kept), await files.content(gone)) == (EXACT.encode(), None)


async def test_files_that_cannot_be_written_are_tried_again(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = await files.create("a.md", "a"), await files.create("b.md", "b")
    real, failed = files.runtime.blobs.put, asyncio.Event()

    async def put(key: str, data: bytes, *, content_type: str) -> None:
        if not failed.is_set():
            failed.set()
            raise UnavailableError("no space")
        await real(key, data, content_type=content_type)

    monkeypatch.setattr(files.runtime.blobs, "put", put)
    await files.settle()
    assert failed.is_set()
    assert (await files.content(first), await files.content(second)) == (b"a", b"b")


async def test_a_mark_without_a_document_does_no_harm(files: Files) -> None:
    async with files.runtime.database.write() as tx:
        await mark_files(files.runtime.jobs, tx, ["00000000-0000-7000-8000-000000000000"])
    await files.settle()


async def test_with_a_bucket_the_files_lie_there(settings: Settings, aws_endpoint: str) -> None:
    s3 = Aws(REGION, aws_endpoint).client("s3")
    s3.create_bucket(Bucket="notes", CreateBucketConfiguration={"LocationConstraint": REGION})
    chosen = {"aws_s3_bucket": "notes", "aws_region": REGION, "aws_endpoint_url": aws_endpoint}
    app = create_app(settings.model_copy(update=chosen))
    async with app.router.lifespan_context(app), connect(app) as client:
        owner = await signed_up(client)
        files = Files(app, client, owner, await new_workspace(client, owner))
        document = await files.create("notes.md", EXACT)
        await files.settle()
        lies = s3.get_object(Bucket="notes", Key=file_key(files.workspace, document))
        assert lies["Body"].read() == EXACT.encode()
        assert lies["ContentType"] == "text/markdown; charset=utf-8"
        await client.delete(f"/api/documents/{document}", headers=owner.headers)
        await files.settle()
        assert s3.list_objects_v2(Bucket="notes")["KeyCount"] == 0
        assert not (settings.data / "blobs").exists()
