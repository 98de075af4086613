"""A disk that is full when the log is synced: everybody in that commit is told so, as somebody alone in it would be."""

import asyncio
import errno

import pytest
from fastapi import FastAPI

from mdreader.db.wal_sync import WalSync
from mdreader.kernel.errors import StorageFullError
from mdreader.runtime import Runtime
from support.http import connect, new_document, new_workspace, signed_up


def full(_self: WalSync) -> int:
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.sqlite_only("the sync of SQLite's WAL is what fails")
@pytest.mark.parametrize("documents", [1, 2, 3])
async def test_all_hear_the_reason(app: FastAPI, monkeypatch: pytest.MonkeyPatch, documents: int) -> None:
    runtime: Runtime = app.state.runtime
    async with connect(app) as client:
        owner = await signed_up(client)
        workspace = await new_workspace(client, owner)
        ids = [await new_document(client, owner, workspace, path=f"{n}.md", content="old\n") for n in range(documents)]

    async def write(document: str) -> str:
        return (await runtime.live.replace(document, "new\n", user_id=owner.id, expected_etag=None)).text

    for document in ids:
        assert (await runtime.live.read(document)).text == "old\n"
    with monkeypatch.context() as patch:
        patch.setattr(WalSync, "_sync", full)
        results = await asyncio.gather(*map(write, ids), return_exceptions=True)
    assert [type(result) for result in results] == [StorageFullError] * documents
    assert await asyncio.gather(*map(write, ids)) == ["new\n"] * documents
